"""Deleting from the list: time to undo, tombstones after it, and what cannot be deleted here."""

import signal
import sqlite3
import subprocess
from contextlib import closing, contextmanager

import pytest

from tests.desktop.summary_driver import SECONDS, on_day
from tests.support import wait_until

DAY = (
    on_day(0, "08:00", "09:10", "Code", "sessionizer.py"),
    on_day(0, "09:10", "09:50", "Firefox", "secret"),
    on_day(0, "10:20", "11:00", "Code", "README.md"),
)


def living(summary):
    """Return the titles that are still there, by plain SQL, and how many tombstones."""
    query = "SELECT window_title, deleted FROM desktop_activity_sessions ORDER BY started_at"
    with closing(sqlite3.connect(summary.database)) as there:
        rows = there.execute(query).fetchall()
    return [title for title, deleted in rows if not deleted], sum(row[1] for row in rows)


ALL = ["sessionizer.py", "secret", "README.md"], 0


@pytest.fixture
def selected(summary):
    """The window with one session selected, for a time to undo that each test chooses."""

    def select(undo_seconds):
        summary.record(*DAY)
        summary.open(undo_seconds=undo_seconds)
        summary.wait_for("secret")
        summary.click("secret", "Sessions")
        summary.key("Delete")
        return summary

    return select


def test_an_undone_deletion_has_never_been_done(selected):
    summary = selected(10)
    seen = summary.wait_for("1 session will be deleted in")
    assert not seen.find("secret", "Sessions")
    assert seen.find("2 h 30 m", "Cards")
    assert living(summary) == ALL
    summary.click("Undo")
    seen = summary.wait_for("secret", widget="Sessions")
    assert not seen.find("will be deleted")
    summary.close()
    assert living(summary) == ALL


def test_after_its_time_the_session_is_a_tombstone_and_the_totals_follow(selected):
    summary = selected(1)
    seen = summary.wait(
        lambda seen: seen.find("1 h 50 m", "Cards") and not seen.find("Firefox", "Applications"),
        "the totals to follow",
    )
    assert not seen.find("secret")
    assert not seen.find("will be deleted")
    assert living(summary) == (["sessionizer.py", "README.md"], 1)
    report = summary.report()
    assert report["active_seconds"] == 110 * 60
    assert [each["application_name"] for each in report["applications"]] == ["Code"]


def test_several_are_deleted_together_from_the_menu_of_the_right_button(summary):
    summary.record(*DAY)
    summary.open(undo_seconds=1)
    summary.wait_for("secret")
    summary.click("secret", "Sessions")
    summary.click("README.md", "Sessions", held="ctrl")
    summary.click("README.md", "Sessions", button=3)
    summary.click("Delete")
    summary.wait_for("2 sessions will be deleted in")
    summary.wait_for("1 h 10 m", widget="Cards")
    summary.wait(lambda _seen: living(summary) == (["sessionizer.py"], 2), "both to be gone")


def test_a_deletion_that_waits_is_done_when_the_window_closes(selected):
    summary = selected(10)
    summary.wait_for("1 session will be deleted in")
    assert living(summary) == ALL
    summary.close()
    assert living(summary) == (["sessionizer.py", "README.md"], 1)


@contextmanager
def database_busy(summary):
    """Another program writes into the database for as long as this lasts."""
    with closing(sqlite3.connect(summary.database, isolation_level=None)) as there:
        there.execute("BEGIN IMMEDIATE")
        yield
        there.execute("ROLLBACK")


@pytest.mark.trust
@pytest.mark.parametrize("key", ["Escape", "ctrl+z", "ctrl+Z"])
def test_a_key_undoes_a_deletion_and_the_window_stays(selected, key):
    summary = selected(10)
    summary.wait_for("1 session will be deleted in")
    summary.key(key)
    seen = summary.wait_for("secret", widget="Sessions")
    assert not seen.find("will be deleted")
    summary.key(key)
    summary.close()
    assert living(summary) == ALL


@pytest.mark.trust
def test_escape_undoes_before_it_leaves_the_search(selected):
    summary = selected(10)
    summary.wait_for("1 session will be deleted in")
    summary.search("code")
    summary.wait_for("1 h 50 m found")
    summary.key("Escape")
    seen = summary.wait_without("will be deleted")
    assert seen.words("Entry") == ["code"]
    summary.key("Escape")
    summary.wait_for("secret", widget="Sessions")
    summary.close()
    assert living(summary) == ALL


@pytest.mark.trust
def test_of_two_deletions_the_later_is_undone_alone_and_the_earlier_is_done(selected):
    summary = selected(3)
    summary.wait_for("1 session will be deleted in")
    summary.click("README.md", "Sessions")
    summary.key("Delete")
    summary.wait_without("README.md", "Sessions")
    summary.key("ctrl+z")
    seen = summary.wait_for("README.md", widget="Sessions")
    assert not seen.find("secret", "Sessions")
    summary.wait(
        lambda _seen: living(summary) == (["sessionizer.py", "README.md"], 1), "the earlier one"
    )
    summary.wait_without("will be deleted")
    summary.close()
    assert living(summary) == (["sessionizer.py", "README.md"], 1)


@pytest.mark.trust
def test_two_deletions_are_undone_one_after_the_other(selected):
    summary = selected(10)
    summary.wait_for("1 session will be deleted in")
    summary.click("README.md", "Sessions")
    summary.key("Delete")
    summary.wait_without("README.md", "Sessions")
    summary.key("Escape")
    summary.wait_for("README.md", widget="Sessions")
    summary.key("Escape")
    seen = summary.wait_for("secret", widget="Sessions")
    assert not seen.find("will be deleted")
    summary.close()
    assert living(summary) == ALL


@pytest.mark.trust
def test_a_deletion_while_another_is_being_done_hits_neither(selected):
    summary = selected(2)
    with database_busy(summary):
        summary.wait_without("will be deleted")
        summary.click("README.md", "Sessions")
        summary.key("Delete")
        summary.wait_without("README.md", "Sessions")
    summary.wait(lambda _seen: living(summary) == (["sessionizer.py"], 2), "both to be gone")


@pytest.mark.trust
def test_one_that_fails_is_said_and_comes_back_and_the_next_one_can_still_be_undone(selected):
    summary = selected(1)
    away = summary.database.with_name("away.db")
    summary.wait_for("1 session will be deleted in")
    summary.database.rename(away)
    seen = summary.wait_for("Not deleted:")
    assert seen.find("OK")
    away.rename(summary.database)
    summary.wait_for("secret", widget="Sessions")
    summary.click("README.md", "Sessions")
    summary.key("Delete")
    seen = summary.wait_for("Not deleted:", "1 session will be deleted in")
    summary.wait(
        lambda _seen: living(summary) == (["sessionizer.py", "secret"], 1), "the later one"
    )
    seen = summary.wait_for("Not deleted:")
    summary.key("Escape")
    summary.wait_without("Not deleted:")
    end_with_words(summary)


@pytest.mark.trust
@pytest.mark.parametrize("way", ["key", "SIGTERM", "SIGINT", "SIGHUP"])
def test_a_deletion_under_way_is_done_when_the_window_closes(selected, way):
    summary = selected(0)
    with database_busy(summary):
        summary.wait_without("secret", "Sessions")
        if way == "key":
            summary.key("ctrl+w")
        else:
            summary.process.send_signal(getattr(signal, way))
        with pytest.raises(subprocess.TimeoutExpired):
            summary.process.wait(0.5)
    summary.wait_for_the_end()
    assert living(summary) == (["sessionizer.py", "README.md"], 1)


@pytest.mark.trust
def test_a_deletion_that_waits_is_done_when_the_window_is_told_to_end(selected):
    summary = selected(10)
    summary.wait_for("1 session will be deleted in")
    summary.process.terminate()
    summary.wait_for_the_end()
    assert living(summary) == (["sessionizer.py", "README.md"], 1)


@pytest.mark.trust
def test_a_deletion_that_takes_long_is_said_and_the_window_closes_behind_it(summary):
    summary.record(*DAY)
    summary.open(undo_seconds=0, finish_seconds=0.2)
    summary.wait_for("secret")
    with database_busy(summary):
        summary.click("secret", "Sessions")
        summary.key("Delete")
        summary.wait_without("secret", "Sessions")
        summary.key("ctrl+w")
        summary.wait_for("The window closes when it is done")
    summary.wait_for_the_end()
    assert living(summary) == (["sessionizer.py", "README.md"], 1)


@pytest.mark.trust
def test_who_closes_a_second_time_need_not_wait_and_it_is_done_all_the_same(summary):
    summary.record(*DAY)
    summary.open(undo_seconds=0, finish_seconds=0.2)
    summary.wait_for("secret")
    with database_busy(summary):
        summary.click("secret", "Sessions")
        summary.key("Delete")
        summary.wait_without("secret", "Sessions")
        summary.key("ctrl+w")
        summary.wait_for("The window closes when it is done")
        window = summary.desktop.xdotool("getactivewindow")
        summary.desktop.xdotool("key", "ctrl+w")
        wait_until(lambda: not is_shown(summary, window), SECONDS, "the window to go")
        assert living(summary) == ALL
    summary.wait_for_the_end()
    assert living(summary) == (["sessionizer.py", "README.md"], 1)


@pytest.mark.trust
def test_what_cannot_be_deleted_when_the_window_closes_is_said_before_it_goes(selected):
    summary = selected(10)
    summary.wait_for("1 session will be deleted in")
    away = summary.database.with_name("away.db")
    summary.database.rename(away)
    summary.key("ctrl+w")
    summary.wait_for("Not deleted:")
    away.rename(summary.database)
    summary.wait_for("secret", widget="Sessions")
    end_with_words(summary)
    assert living(summary) == ALL


def is_shown(summary, window):
    """Tell whether a window is on the screen."""
    asked = subprocess.run(
        ["xwininfo", "-id", window], env=summary.desktop.env, capture_output=True, check=False
    )
    return b"IsViewable" in asked.stdout


def end_with_words(summary):
    """Close the window, which has said in its log what went wrong, in a line each."""
    summary.key("ctrl+w")
    _output, said = summary.process.communicate(timeout=SECONDS)
    assert summary.process.returncode == 0
    assert b"Traceback" not in said
    summary.process = None
