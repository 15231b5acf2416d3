"""What windows say of themselves, odd or private, and what of it reaches the disk."""

import os
from collections.abc import Callable
from itertools import pairwise

import psutil
import pytest
from Xlib import X

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows, now_ms
from tests.support import User, wait_until

SECONDS = 10.0
LIMIT = 4_096

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def recording(make_app: MakeApp, desktop: VirtualDesktop) -> AppUnderTest:
    return make_app(desktop, "--no-tray").start()


def files_with(app: AppUnderTest, text: str) -> set[str]:
    """Return the files of the program that hold `text` anywhere in their bytes."""
    folders = (app.user.paths.data, app.user.paths.state, app.user.paths.log)
    found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return {path.name for path in found if text.encode() in path.read_bytes()}


@pytest.mark.long
def test_private_titles_reach_no_byte_of_any_file(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config(
        """
privacy:
  rules:
    - {application: Diary}
    - {title: 'salary \\w+', action: redact}
    - {application: Chat, action: application}
"""
    )
    app = make_app(desktop).start()
    hidden = {
        "Firefox": "qzxhidden1 — Mozilla Firefox Private Browsing",
        "KeePassXC": "qzxhidden2 - KeePassXC",
        "Diary": "qzxhidden3",
        "Chat": "qzxhidden4",
        "Editor": "salary qzxhidden5",
    }
    assert app.database.exists()
    for application, title in hidden.items():
        window = windows.open(application, title)
        desktop.xdotool("sleep", "0.15")  # long enough to be a session, if it were one
        window.set_title(f"again {title}")
        desktop.xdotool("sleep", "0.15")
        marker = f"qzxpublic {application}"
        windows.open("Terminal", marker)
        app.wait_for_row(f"window_title = '{marker}'")
        app.cli("status")
        app.cli("pause")
        app.cli("resume")
    assert app.rows("application_name = 'Editor' and window_title = 'again [redacted]'")
    assert app.rows("application_name = 'Chat' and window_title = ''")
    assert app.rows("application_name in ('Firefox', 'KeePassXC', 'Diary')") == []
    # The search finds what is there: in the write-ahead log now, in the file at the end.
    assert files_with(app, "qzxpublic") >= {f"{app.database.name}-wal"}
    assert files_with(app, "qzxhidden") == set()
    app.kill()
    assert files_with(app, "qzxhidden") == set()
    app.start()
    app.stop()
    assert files_with(app, "qzxpublic") >= {app.database.name}
    assert files_with(app, "qzxhidden") == set()
    assert files_with(app, "recording to") == {app.user.paths.log_file.name}


@pytest.mark.parametrize(
    ("title", "stored"),
    [
        (None, ""),
        ("", ""),
        (b"caf\xe9 \xff", "caf\N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}"),
        (b"half \xed\xa0\x80", "half " + 3 * "\N{REPLACEMENT CHARACTER}"),
        (b"before \xf0\x9f\x8e\x89\0behind", "before \N{PARTY POPPER}"),
        ("週報 — 集計.csv 👩‍👩‍👧", "週報 — 集計.csv 👩‍👩‍👧"),
        ("two\nlines\tand 'quotes\"; drop table", "two\nlines\tand 'quotes\"; drop table"),
    ],
)
def test_an_odd_title_is_stored_as_well_as_it_can_be(
    recording: AppUnderTest, windows: Windows, title: str | bytes | None, stored: str
) -> None:
    windows.open("Odd", title)
    assert recording.wait_for_row("application_name = 'Odd'")["window_title"] == stored


def test_a_title_in_latin_1_alone_is_read_as_such(
    recording: AppUnderTest, windows: Windows
) -> None:
    windows.open("Old", "Grüße ÿ", legacy_title=True)
    assert recording.wait_for_row("application_name = 'Old'")["window_title"] == "Grüße ÿ"


def test_a_window_without_class_has_the_name_of_its_process_or_none(
    recording: AppUnderTest, windows: Windows
) -> None:
    windows.open("", "with a process", pid=os.getpid())
    row = recording.wait_for_row("window_title = 'with a process'")
    assert row["application_name"] == psutil.Process().name()
    assert row["process_id"] == os.getpid()
    windows.open("", "of no process", pid=2**22 + 7)
    row = recording.wait_for_row("window_title = 'of no process'")
    assert row["application_name"] == ""
    windows.open("", "of nobody")
    row = recording.wait_for_row("window_title = 'of nobody'")
    assert (row["application_name"], row["process_id"]) == ("", None)


def test_a_title_of_a_megabyte_is_cut(recording: AppUnderTest, windows: Windows) -> None:
    window = windows.open("Huge", "x" * 100_000)
    utf8 = windows.connection.intern_atom("UTF8_STRING")
    name = windows.connection.intern_atom("_NET_WM_NAME")
    for _piece in range(10):
        more = b"x" * 100_000
        window._window.change_property(name, utf8, 8, more, mode=X.PropModeAppend)
    windows.connection.sync()
    windows.open("Small", "after it")
    recording.wait_for_row("window_title = 'after it'")
    (row,) = recording.rows("application_name = 'Huge'")
    # The end stays: browsers tell there that a window is private.
    assert row["window_title"] == "x" * (LIMIT - 257) + "…" + "x" * 256


def test_where_no_window_is_active_there_is_a_gap(
    recording: AppUnderTest, windows: Windows
) -> None:
    window = windows.open("Editor", "the only one")
    recording.wait_for_row("window_title = 'the only one'")
    window.minimise()
    windows.await_active(0)
    gone_at = now_ms()
    wait_until(lambda: not recording.rows("open = 1"), SECONDS, "the end of the session")
    back_at = window.activate()
    again = recording.wait_for_row("window_title = 'the only one' and open = 1")
    first, second = recording.rows("window_title = 'the only one'")
    assert abs(first["ended_at"] - gone_at) <= 50
    assert second["uid"] == again["uid"]
    assert abs(second["started_at"] - back_at) <= 50
    assert recording.rows(f"started_at < {back_at - 50} and ended_at > {gone_at + 50}") == []


def test_a_window_that_inherits_the_number_of_a_closed_one_is_recorded(
    recording: AppUnderTest, desktop: VirtualDesktop
) -> None:
    name = desktop.env["DISPLAY"]
    with Windows(name) as first:
        number = first.open("Editor", "the first of this number").id
        recording.wait_for_row("window_title = 'the first of this number'")
    wait_until(lambda: not recording.rows("open = 1"), SECONDS, "the end of its session")
    with Windows(name) as second:
        window = second.open("Browser", "the second of this number")
        assert window.id == number
        recording.wait_for_row("window_title = 'the second of this number'")
        window.set_title("renamed")
        recording.wait_for_row("window_title = 'renamed'")


def test_a_spinner_that_turns_fifty_times_a_second_makes_one_session(
    recording: AppUnderTest, windows: Windows, desktop: VirtualDesktop
) -> None:
    spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
    window = windows.open("Terminal", f"{spinner[0]} building")
    turns = 75
    for turn in range(turns):
        window.set_title(f"{spinner[turn % len(spinner)]} building")
        desktop.xdotool("sleep", "0.02")
    ended_at = window.set_title("done")
    recording.wait_for_row("window_title = 'done'")
    (row,) = recording.rows("window_title like '%building'")
    assert abs(row["ended_at"] - ended_at) <= 50


def test_a_title_that_changes_too_often_makes_a_bounded_number_of_sessions_without_a_gap(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config("monitor: {titles: {changes_per_minute: 5}}")
    app = make_app(desktop, "--no-tray").start()
    window = windows.open("Clock", "12:00:00")
    app.wait_for_row("window_title = '12:00:00'")
    for second in range(1, 21):
        window.set_title(f"12:00:{second:02}")
        desktop.xdotool("sleep", "0.1")
    ended_at = now_ms()
    app.stop()
    rows = app.rows("application_name = 'Clock'")
    assert [row["window_title"] for row in rows] == [f"12:00:{second:02}" for second in range(6)]
    for row, after in pairwise(rows):
        assert row["ended_at"] == after["started_at"]
    assert rows[-1]["ended_at"] >= ended_at


def test_everything_is_closed_to_others(recording: AppUnderTest, windows: Windows) -> None:
    windows.open("Editor", "private by default")
    recording.wait_for_row("window_title = 'private by default'")
    paths = recording.user.paths
    for folder in (paths.data, paths.state, paths.log, recording.database.parent):
        assert folder.stat().st_mode & 0o077 == 0, folder
        for file in folder.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file
