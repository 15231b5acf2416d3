"""GNOME's windows and idle time, against a stand-in that speaks the interfaces of shell and Mutter.

How it can fail: a title is seen when the program loses the focus, or never; no window is taken for
the last one; a shell without the extension counts as one without windows; somebody else's signal
is believed; idle time ends unnoticed; a shell that is gone is waited for.
"""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from jeepney import DBusAddress, HeaderFields, new_signal
from jeepney.io.blocking import open_dbus_connection

from reprospective_tray.monitor.probes import open_probe
from reprospective_tray.monitor.probes.base import Lack, NotOfferedError, ProbeLostError
from reprospective_tray.monitor.probes.gnome import probe as gnome
from reprospective_tray.monitor.probes.gnome.probe import ExtensionMissingError, GnomeProbe
from tests.bystander import at_most, is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.support import PATIENCE_S, User, wait_until
from tests.wayland.stand_ins import BusSession, StandIn

pytestmark = pytest.mark.usefixtures("within_session")
SECONDS = 5.0
EXACT_MS = 200
RARELY = 60.0
OFTEN = 0.05
EDITOR = {"wm_class": "Editor", "title": "draft"}
TERMINAL = {"wm_class": "org.gnome.Terminal", "title": "~"}


@pytest.fixture
def shell(session: BusSession) -> Iterator[StandIn]:
    """A shell with the extension, and no window."""
    with StandIn(session, "tests.wayland.gnome_shell") as made:
        yield made


@pytest.fixture
def make_probe() -> Iterator[Callable[[float], GnomeProbe]]:
    made: list[GnomeProbe] = []

    def make(poll_interval_s: float) -> GnomeProbe:
        made.append(GnomeProbe(poll_interval_s))
        return made[-1]

    yield make
    for probe in made:
        probe.close()


def names(probe: GnomeProbe) -> tuple[str, str] | None:
    seen = probe.current()
    return (seen.application_name, seen.window_title) if seen else None


def test_what_has_the_focus_at_the_opening_is_seen_under_its_name_of_x11(shell, make_probe):
    shell.order(focus=TERMINAL)
    probe = make_probe(RARELY)
    assert names(probe) == ("Gnome-terminal", "~")
    assert probe.current().process_id == shell.process.pid
    assert (probe.name, probe.sees_windows) == ("gnome", True)


def test_another_program_is_told_at_once_and_not_found_by_a_look(shell, make_probe):
    shell.order(focus=EDITOR)
    probe = make_probe(RARELY)
    shell.order(focus=TERMINAL)
    assert probe.wait(SECONDS) == 0
    assert names(probe) == ("Gnome-terminal", "~")


def test_titles_and_other_windows_of_the_same_program_are_found_by_a_look(shell, make_probe):
    shell.order(focus=EDITOR)
    probe = make_probe(OFTEN)
    shell.order(focus=EDITOR | {"title": "draft 2"})
    assert probe.wait(SECONDS) == 0
    assert names(probe) == ("Editor", "draft 2")
    shell.order(focus=EDITOR | {"title": "draft 2", "id": 7})
    assert probe.wait(SECONDS) == 0
    assert probe.current().window_id == 7
    # What is as it was is no news.
    assert probe.wait(4 * OFTEN) is None


def test_it_looks_no_more_often_than_it_was_told_to(shell, make_probe):
    shell.order(focus=EDITOR)
    probe = make_probe(0.2)
    before = shell.order()["asked"]
    assert probe.wait(1.0) is None
    assert 3 <= shell.order()["asked"] - before <= 6


@pytest.mark.parametrize("refuses", [False, True], ids=["says so", "refuses as before GNOME 45"])
def test_without_a_window_in_front_there_is_none(shell, make_probe, refuses):
    shell.order(refuses=refuses, focus=EDITOR)
    probe = make_probe(OFTEN)
    shell.order(focus=None)
    assert probe.wait(SECONDS) == 0
    assert probe.current() is None
    shell.order(focus=EDITOR)
    assert probe.wait(SECONDS) == 0
    assert names(probe) == ("Editor", "draft")


def test_a_window_without_title_and_class_has_its_processes_name(shell, make_probe):
    shell.order(focus={"wm_class": None, "title": None})
    probe = make_probe(RARELY)
    application, title = names(probe)
    assert application.startswith("python")
    assert title == ""


def test_a_shell_without_the_extension_says_what_lacks(shell):
    shell.order(extension=False)
    with pytest.raises(ExtensionMissingError) as missing:
        GnomeProbe(RARELY)
    assert missing.value.lack is Lack.EXTENSION
    probe = open_probe(RARELY)
    assert (probe.name, probe.lack) == ("none", Lack.EXTENSION)


def test_an_extension_that_is_turned_off_meanwhile_says_so_too(shell, make_probe, monkeypatch):
    monkeypatch.setattr(gnome, "ABSENCE_S", 0.1)
    shell.order(focus=EDITOR)
    probe = make_probe(OFTEN)
    shell.order(extension=False)
    assert probe.wait(SECONDS) is not None
    assert probe.current() is None
    with pytest.raises(ExtensionMissingError):
        probe.wait(SECONDS)


def test_while_the_screen_is_locked_its_absence_is_borne_and_windows_are_seen_at_once_after(
    shell, make_probe, monkeypatch
):
    monkeypatch.setattr(gnome, "ABSENCE_S", 0.1)
    shell.order(focus=EDITOR)
    probe = make_probe(OFTEN)
    shell.order(locked=True)
    assert probe.wait(SECONDS) is not None
    assert probe.current() is None
    assert probe.wait(0.5) is None
    shell.order(locked=False)
    assert probe.wait(SECONDS) is not None
    assert names(probe) == ("Editor", EDITOR["title"])


def test_where_nobody_is_the_shell_it_is_not_offered(monkeypatch):
    with pytest.raises(NotOfferedError):
        GnomeProbe(RARELY)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    with pytest.raises(NotOfferedError):
        GnomeProbe(RARELY)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
    with pytest.raises(NotOfferedError):
        GnomeProbe(RARELY)


def test_a_shell_that_restarts_loses_the_probe_and_the_next_one_sees(shell, make_probe):
    shell.order(focus=EDITOR)
    probe = make_probe(RARELY)
    shell.restart()
    with pytest.raises(ProbeLostError):
        probe.wait(SECONDS)
    shell.order(focus=TERMINAL)
    assert names(make_probe(RARELY)) == ("Gnome-terminal", "~")


def test_a_shell_that_hangs_is_given_up(shell, make_probe, monkeypatch):
    monkeypatch.setattr(gnome, "_ANSWER_S", 0.3)
    shell.order(focus=EDITOR)
    probe = make_probe(OFTEN)
    shell.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(ProbeLostError, match="does not answer"):
            probe.wait(SECONDS)
    finally:
        shell.process.send_signal(signal.SIGCONT)


def test_a_strangers_signal_is_not_believed(shell, make_probe, session):
    shell.order(focus=EDITOR)
    probe = make_probe(RARELY)
    extension = DBusAddress("/org/gnome/shell/extensions/FocusedWindow", None, gnome.INTERFACE)
    forged = new_signal(extension, "FocusChanged", "s", (json.dumps(TERMINAL),))
    forged.header.fields[HeaderFields.destination] = probe._line.unique_name
    with open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"]) as stranger:
        stranger.send(forged)
    assert probe.wait(0.3) is None
    assert names(probe) == ("Editor", "draft")


def await_wish(shell: StandIn) -> None:
    """Wait until the shell knows that the next input is to be told."""
    wait_until(lambda: "None" in shell.order()["watches"], SECONDS, "the wish")


def test_idle_time_is_asked_for_and_both_its_ends_are_told(shell, make_probe):
    shell.order(focus=EDITOR, input=True)
    probe = make_probe(RARELY)
    assert probe.watch_idle(400)
    assert probe.idle_ms() < 400
    assert probe.wait(SECONDS) is None
    assert 400 <= probe.idle_ms() < 1000
    await_wish(shell)
    with at_most(1):
        assert shell.order(input=True)["watches"] == ["400"]
        assert probe.wait(SECONDS) is None
    assert probe.idle_ms() < 400
    # And again.
    assert probe.wait(SECONDS) is None
    assert probe.idle_ms() >= 400


def test_where_a_film_holds_off_the_watch_the_return_is_told_all_the_same(shell, make_probe):
    shell.order(focus=EDITOR, input=True, inhibit=True)
    probe = make_probe(RARELY)
    assert probe.watch_idle(100)
    assert probe.wait(0.3) is None
    assert probe.idle_ms() >= 100
    await_wish(shell)
    with at_most(1):
        assert shell.order(input=True)["watches"] == ["100"]
        assert probe.wait(SECONDS) is None


def test_watches_are_taken_back_when_others_are_set_and_at_the_end(shell):
    probe = GnomeProbe(RARELY)
    assert probe.watch_idle(60_000)
    assert probe.watch_idle(90_000)
    assert shell.order()["watches"] == ["90000"]
    probe.close()
    wait_until(lambda: shell.order()["watches"] == [], SECONDS, "the end of the watches")


@pytest.mark.usefixtures("shell")
def test_another_thread_ends_a_wait_and_cuts_the_connection(make_probe):
    probe = make_probe(RARELY)
    timer = threading.Timer(0.1, probe.wake)
    timer.start()
    with at_most(SECONDS / 2):
        assert probe.wait(PATIENCE_S) is None
    timer = threading.Timer(0.1, probe.abort)
    timer.start()
    with pytest.raises(ProbeLostError):
        probe.wait(SECONDS)


@pytest.mark.long
def test_the_whole_program_records_what_gnome_tells(shell, session, user: User):
    user.write_config("monitor: {poll_interval: 0.1, idle_after: 2}")
    shell.order(focus=EDITOR, input=True)
    with AppUnderTest(user, session.env, "--no-tray") as app:
        app.start()
        app.wait_for_row("application_name = 'Editor' and window_title = 'draft'")
        shell.order(focus=EDITOR | {"title": "draft 2"}, input=True)
        app.wait_for_row("window_title = 'draft 2'")
        shell.order(focus=TERMINAL, input=True)
        row = app.wait_for_row("application_name = 'Gnome-terminal'")
        assert row["process_id"] == shell.process.pid
        left_ms = time.time_ns() // 1_000_000
        shell.order(input=True)
        idle = app.wait_for_row("state = 'idle'")
        assert is_near(idle["started_at"], left_ms, EXACT_MS)
        shell.order(input=True)
        back_ms = time.time_ns() // 1_000_000
        app.wait_for_row(f"state = 'active' and open = 1 and started_at >= {back_ms - 200}")
        assert is_near(app.rows("state = 'idle'")[0]["ended_at"], back_ms, EXACT_MS)
        shell.restart()
        wait_until(lambda: app.ask("status")["lack"] == "", SECONDS, "the new shell")
        shell.order(focus=EDITOR | {"title": "after the restart"}, input=True)
        app.wait_for_row("window_title = 'after the restart'")
        shell.order(extension=False)
        wait_until(lambda: app.ask("status")["lack"] == "extension", SECONDS, "the alarm")
        assert "extension" in app.cli("status").stdout
        shell.order(extension=True)
        wait_until(lambda: app.ask("status")["lack"] == "", 2 * SECONDS, "the extension's return")
        assert app.stop() == 0
        watches = shell.order()["watches"]
    assert watches == []
