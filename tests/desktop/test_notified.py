"""What the program speaks up about, each with a key that turns it off."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.runtime.state import program_state
from reprospective_tray.runtime.state.program_state import ProgramState
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.small_disk import fill_up, small_disk
from tests.support import User, wait_until

SECONDS = 15.0
DAY_MS = 86_400_000

MakeApp = Callable[..., AppUnderTest]


def history(desktop: VirtualDesktop) -> str:
    desktop.run("dunstctl", "close-all")
    shown = json.loads(desktop.run("dunstctl", "history"))["data"][0]
    return "\n".join(one["body"]["data"] for one in shown)


@pytest.mark.parametrize("wanted", [True, False])
def test_a_pause_since_an_earlier_day_is_said_at_the_start_once_a_day(
    make_app: MakeApp, desktop: VirtualDesktop, user: User, wanted: bool
) -> None:
    days = 3 if wanted else 4
    paused_at = time.time_ns() // 1_000_000 - days * DAY_MS
    said = f"since {time.strftime('%Y-%m-%d %H:%M', time.localtime(paused_at / 1000))}"
    program_state.save(user.paths, ProgramState(paused=True, paused_at=paused_at, first_start_at=1))
    user.write_config(f"notifications: {{paused: {str(wanted).lower()}}}")
    app = make_app(desktop, "--no-tray")
    for _start in range(2):
        desktop.xdotool("mousemove_relative", "1", "1")  # the person is there
        app.start()
        wait_until(
            lambda: program_state.load(user.paths).told_paused_on, SECONDS, "a look at the pause"
        )
        wait_until(lambda: said in history(desktop) or not wanted, SECONDS, "the notification")
        assert app.stop() == 0
    assert history(desktop).count(said) == int(wanted)
    assert app.rows() == []


@pytest.mark.parametrize("wanted", [True, False])
def test_a_damaged_file_that_was_set_aside_is_said(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, wanted: bool
) -> None:
    user.write_config(f"notifications: {{damaged: {str(wanted).lower()}, first_start: false}}")
    app = make_app(desktop, "--no-tray").start()
    windows.open("Editor", "before the damage")
    app.wait_for_row("window_title = 'before the damage'")
    assert app.stop() == 0
    app.database.write_bytes(b"this is no database " * 1000)
    app.start()
    windows.open("Editor", "after the damage")
    app.wait_for_row("window_title = 'after the damage'")
    (aside,) = app.database.parent.glob("*damaged*")
    wait_until(lambda: str(aside) in history(desktop) or not wanted, SECONDS, "the notification")
    assert app.stop() == 0
    assert (str(aside) in history(desktop)) is wanted


@pytest.mark.trust
@pytest.mark.parametrize("wanted", [True, False])
def test_what_the_last_run_kept_and_cannot_be_read_is_said(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, wanted: bool
) -> None:
    user.write_config(f"notifications: {{storage: {str(wanted).lower()}, first_start: false}}")
    app = make_app(desktop, "--no-tray")
    app.database.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{app.database}.leftover").write_bytes(b"this is no change\n")
    app.start()
    windows.open("Editor", "beside the damage")
    app.wait_for_row("window_title = 'beside the damage'")
    (aside,) = app.database.parent.glob("*.leftover.damaged-*")
    wait_until(lambda: str(aside) in history(desktop) or not wanted, SECONDS, "the notification")
    assert app.stop() == 0
    assert (str(aside) in history(desktop)) is wanted


@pytest.mark.trust
def test_what_is_lost_on_a_full_disk_is_said_before_the_end(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    with small_disk(user.folder / "disk", 2048) as disk:
        database = disk / "sessions.db"
        settings = {
            "database": {"local": {"path": str(database)}},
            "monitor": {"heartbeat": 1},
            "notifications": {"first_start": False},
        }
        user.write_config(json.dumps(settings))
        app = make_app(desktop, "--no-tray")
        app.database = database
        app.start()
        windows.open("Editor", "before the disk is full")
        app.wait_for_row("window_title = 'before the disk is full'")
        # As where there has been no room to keep since the start.
        disk.joinpath("sessions.db.leftover.room").unlink()
        fill_up(disk / "filler")

        def cannot_write() -> bool:
            windows.open("Editor", "and " * 500)
            return app.ask("status")["mode"] == "attention"

        wait_until(cannot_write, SECONDS, "the full disk")
        assert app.stop() == 0
        assert f"could not be saved to {database}.leftover" in history(desktop)
