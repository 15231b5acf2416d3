"""The summary window and the central database: there, away, silent, and there again."""

import threading
import time

import pytest

from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.sync.retention import Retention
from tests.bystander import at_most
from tests.desktop.summary_driver import on_day
from tests.desktop.summary_geometry import see
from tests.server.shipper import Shipper

EN = "\N{EN DASH}"
BACK = 40  # days ago: retention has taken that day
TODAY = on_day(0, "08:00", "09:10", "Code", "today's own")
LONG_AGO = (
    on_day(BACK, "09:00", "10:00", "Code", "taken away"),
    on_day(BACK, "10:00", "10:30", "Firefox", "gone as well"),
)
FROM_SERVER = "come from the server; the totals come from this computer."
ALONE = "are only on the server:"


@pytest.fixture
def shipped(summary, central):
    """A file whose sessions are on the server, and of which retention has taken the older ones."""
    desk = Shipper(summary.database, central.dsn(), host="desk")
    desk.record(*LONG_AGO, TODAY)
    assert desk.sync().sent == 3
    with desk.opened() as adapter:
        stored = adapter.models.Session
        stored.update(synced_at=stored.ended_at).execute()  # as if it had been sent at once
        FileMeta(adapter).put(MetaKey.RETENTION_DUE, None)
        Retention(adapter).run(7, time.time_ns() // 1_000_000, threading.Event())
        assert stored.select().count() == 1
    return summary


def to_the_day(summary):
    summary.key(*["Left"] * BACK)


@pytest.fixture
def laptop(central, tmp_path):
    """A second computer of the same person, which has sent its day."""
    made = Shipper(tmp_path / "laptop.db", central.dsn(), host="laptop")
    made.record(on_day(0, "10:00", "10:20", "Slack", "on the laptop"))
    assert made.sync().sent == 1


@pytest.mark.usefixtures("laptop")
def test_all_computers_and_one_of_them_are_chosen_from_the_menu(shipped, central):
    shipped.open(server=central.dsn())
    seen = shipped.wait_for("today's own", "This computer")
    assert not seen.find("on the laptop")
    shipped.click("This computer")
    shipped.click("All computers", "Menu")
    seen = shipped.wait_for("on the laptop", "today's own")
    assert seen.find("1 h 30 m", "Cards")
    assert seen.find("2 computers", "Cards")
    shipped.click("All computers", "Button")
    shipped.click("laptop", "Menu")
    seen = shipped.wait(lambda seen: not seen.find("today's own"), "the laptop alone")
    assert seen.find("20 m", "Cards")
    shipped.click("laptop", "Button")
    shipped.click("This computer", "Menu")
    shipped.wait_for("today's own", "1 h 10 m")


@pytest.mark.usefixtures("laptop")
def test_sessions_of_the_server_cannot_be_deleted_from_here_and_the_window_says_so(
    shipped, central
):
    shipped.open(server=central.dsn(), undo_seconds=1)
    shipped.click("This computer")
    shipped.click("All computers", "Menu")
    shipped.wait_for("on the laptop")
    shipped.click("on the laptop", "Sessions")
    shipped.key("Delete")
    seen = shipped.wait_for("Sessions that are only on the server can be deleted with:")
    assert seen.find("on the laptop", "Sessions")
    shipped.click("OK")
    seen = shipped.wait_without("Sessions that are only on the server")
    assert seen.find("on the laptop", "Sessions")


def test_titles_that_retention_has_taken_come_from_the_server_and_the_window_says_so(
    shipped, central
):
    shipped.open(server=central.dsn())
    shipped.wait_for("today's own")
    to_the_day(shipped)
    seen = shipped.wait_for("taken away", FROM_SERVER)
    assert seen.find("1 h 30 m", "Cards")
    assert not seen.find("Retry")
    shipped.click("taken away", "Sessions")
    shipped.key("Delete")
    shipped.wait_for("Sessions that are only on the server can be deleted with:")


def test_without_a_server_in_the_config_the_window_says_what_is_missing(shipped):
    shipped.open()
    shipped.wait_for("today's own")
    to_the_day(shipped)
    seen = shipped.wait_for(ALONE, "no server is set")
    assert not seen.find("Retry")
    assert seen.rows("Cards")[1] == ["1 h 30 m", "0 s", f"09:00 {EN} 10:30", EN, EN]
    assert not seen.find("taken away")


def test_a_server_that_is_away_is_a_line_with_a_retry_that_helps_once_it_is_back(
    shipped, central, proxy
):
    proxy.refuse()
    shipped.open(server=central.dsn(proxy))
    shipped.wait_for("today's own")
    to_the_day(shipped)
    seen = shipped.wait_for(ALONE, "Retry")
    see(shipped, "server-away")
    assert seen.find("1 h 30 m", "Cards")
    assert not seen.find("taken away")
    proxy.go_on()
    shipped.click("Retry")
    seen = shipped.wait_for("taken away", FROM_SERVER)
    assert not seen.find("Retry")


def test_while_a_server_swallows_every_word_keys_go_on_working(shipped, central, proxy):
    proxy.go_silent()
    shipped.open(server=central.dsn(proxy), patience_s=60.0)
    shipped.wait_for("today's own")
    to_the_day(shipped)
    shipped.wait_for(ALONE, "they are being loaded.")
    shipped.key("t")
    seen = shipped.wait_for("today's own")
    assert not seen.find(ALONE)
    with at_most(5):
        shipped.close()


def test_all_computers_of_a_silent_server_have_a_retry_and_no_figures_of_this_computer(
    shipped, central, proxy
):
    proxy.go_silent()
    shipped.open(server=central.dsn(proxy), patience_s=2.0)
    shipped.wait_for("today's own")
    shipped.click("This computer")
    shipped.click("All computers", "Menu")
    seen = shipped.wait_for("Waiting for the server.")
    assert not seen.find("1 h 10 m")
    seen = shipped.wait_for("No answer within 2 s", "Retry")
    assert not seen.find("Waiting for")
    see(shipped, "server-silent")
    proxy.go_on()
    shipped.click("Retry")
    shipped.wait_for("today's own", widget="Sessions")
