"""Deleting from the list: time to undo, tombstones after it, and what cannot be deleted here."""

import sqlite3
from contextlib import closing

import pytest

from tests.desktop.summary_driver import on_day

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
