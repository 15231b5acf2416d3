"""Disks that fill, files that are locked or damaged, and other users who read."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.held_up import HeldUp
from tests.desktop.script import Script, await_recording, judge
from tests.desktop.windows import Windows, now_ms
from tests.small_disk import fill_up, small_disk
from tests.support import User, wait_until

SECONDS = 15.0
NOBODY = 65534
READER = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(connection.execute("select count(*) from desktop_activity_sessions").fetchone()[0])
connection.close()
"""

MakeApp = Callable[..., AppUnderTest]


def assert_all_recorded(app: AppUnderTest, script: Script, end: int) -> None:
    verdict = judge(script.truth(end), app.rows("state = 'active' and deleted = 0"))
    assert verdict.invented == 0, verdict
    assert verdict.caught == verdict.long_stretches >= 8, verdict
    assert verdict.error <= 0.01, verdict


def test_what_happens_while_another_program_locks_the_database_is_written_afterwards(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows
) -> None:
    app = make_app(desktop, "--no-tray").start()
    await_recording(app, windows)
    script = Script(windows, 1, HeldUp(app.process.pid, desktop._x.pid).ms)
    script.play(0.5, shortest=0.15, longest=0.3)
    with closing(sqlite3.connect(app.database, isolation_level=None)) as other:
        other.execute("begin immediate")
        locked_at = now_ms()
        script.play(2.5, shortest=0.15, longest=0.3)
        assert app.rows(f"started_at > {locked_at}") == []
        assert app.ask("status")["problem"] == ""
        other.execute("rollback")
    wait_until(lambda: app.rows(f"started_at > {locked_at}"), SECONDS, "what had waited")
    end = now_ms()
    assert app.stop() == 0
    assert_all_recorded(app, script, end)


def test_a_full_disk_is_told_and_what_happens_meanwhile_is_written_when_there_is_room(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    with small_disk(user.folder / "disk", 2048) as disk:
        database = disk / "sessions.db"
        user.write_config(
            f"database: {{local: {{path: {json.dumps(str(database))}}}}}\nmonitor: {{heartbeat: 1}}"
        )
        app = make_app(desktop, "--no-tray")
        app.database = database
        app.start()
        await_recording(app, windows)
        script = Script(windows, 2, HeldUp(app.process.pid, desktop._x.pid).ms)
        script.play(0.5, shortest=0.15, longest=0.3)
        filler = disk / "filler"
        fill_up(filler)
        full_at = now_ms()
        # The write-ahead log has some room of its own; then nothing goes any more.
        for _try in range(20):
            script.play(1, shortest=0.15, longest=0.3)
            if app.ask("status")["mode"] == "attention":
                break
        status = app.ask("status")
        assert status["mode"] == "attention"
        assert "full" in str(status["problem"])
        script.play(1, shortest=0.15, longest=0.3)
        freed_at = now_ms()
        filler.unlink()
        wait_until(lambda: app.ask("status")["mode"] == "recording", SECONDS, "a good end")
        assert app.ask("status")["problem"] == ""
        app.wait_for_row(f"ended_at > {freed_at}")
        end = now_ms()
        assert app.stop() == 0
        assert_all_recorded(app, script, end)
        assert app.rows(f"started_at between {full_at} and {freed_at}")


def test_a_damaged_file_is_set_aside_whole_and_told_and_recording_goes_on(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows
) -> None:
    app = make_app(desktop, "--no-tray").start()
    windows.open("Editor", "before the damage")
    app.wait_for_row("window_title = 'before the damage'")
    app.stop()
    damaged = b"this is no database " * 1000
    app.database.write_bytes(damaged)
    app.start()
    windows.open("Editor", "after the damage")
    app.wait_for_row("window_title = 'after the damage'")
    (aside,) = app.database.parent.glob("*damaged*")
    assert aside.read_bytes() == damaged

    def told() -> list[str]:
        desktop.run("dunstctl", "close-all")
        shown = json.loads(desktop.run("dunstctl", "history"))["data"][0]
        return [one["body"]["data"] for one in shown if str(aside) in one["body"]["data"]]

    wait_until(told, SECONDS, "the notification")
    assert "damaged" in told()[0]
    assert str(aside) in app.output()
    assert app.stop() == 0


def test_damaged_pages_cost_no_session_that_can_still_be_read(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows
) -> None:
    app = make_app(desktop, "--no-tray").start()
    Script(windows, seed=3).play(1.5, shortest=0.1, longest=0.15)
    app.stop()
    before = app.rows()
    assert len(before) >= 8
    index = "select rootpage from sqlite_master where type = 'index' and rootpage > 0"
    with closing(sqlite3.connect(app.database)) as connection:
        pages = [page for (page,) in connection.execute(index)]
        (size,) = connection.execute("pragma page_size").fetchone()
    with app.database.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
    app.start()
    uids = {row["uid"] for row in before}
    wait_until(
        lambda: list(app.database.parent.glob("*damaged*")) and readable(app) >= uids,
        SECONDS,
        "what could be read of the damaged file",
    )
    assert app.stop() == 0


def readable(app: AppUnderTest) -> set[str]:
    try:
        return {row["uid"] for row in app.rows()}
    except sqlite3.DatabaseError:
        return set()  # still the damaged one


def read_as_nobody(database: Path) -> "subprocess.CompletedProcess[str]":
    """Count the sessions as another user, whose group is the owner's."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    return subprocess.run(
        [python, "-I", "-c", READER, database],
        user=NOBODY,
        group=os.getegid(),
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("readable_by", ["group", "owner"])
def test_another_user_reads_while_recording_and_after_quit_where_the_config_allows_it(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, readable_by: str
) -> None:
    user.write_config(f"database: {{local: {{readable_by: {readable_by}}}}}")
    for folder in (user.folder, *user.paths.data.parents):
        if folder.is_relative_to(user.folder):
            folder.chmod(0o711)  # what lies above the program's own folders is not its business
    app = make_app(desktop, "--no-tray").start()
    windows.open("Editor", "read by others")
    app.wait_for_row("window_title = 'read by others'")
    while_recording = read_as_nobody(app.database)
    assert app.stop() == 0
    after_quit = read_as_nobody(app.database)
    for seen in (while_recording, after_quit):
        if readable_by == "group":
            assert (seen.returncode, seen.stderr) == (0, "")
            assert int(seen.stdout) >= 1
        else:
            assert seen.returncode == 1
            assert "unable to open database file" in seen.stderr
