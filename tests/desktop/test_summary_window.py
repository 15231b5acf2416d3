"""The summary window on a real display, driven by its keys."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from installer.virtual_desktop import VirtualDesktop
from reprospective_tray.store.adapter import SqliteAdapter
from reprospective_tray.store.sessions import Put, Session, State
from reprospective_tray.store.writer import SessionWriter
from tests.support import wait_until
from tests.unit.stored import session

ROOT = Path(__file__).parents[2]
SECONDS = 15.0
RECORDING = {"running": True, "paused": False}


def on_day(back: int, start: str, end: str, name: str, title: str, **more: object) -> Session:
    """Return a session `back` days ago, as lived here."""
    now = datetime.now().astimezone() - timedelta(days=back)
    offset = now.isoformat()[-6:]
    day = now.date()
    return session(f"{day}T{start}:00{offset}", f"{day}T{end}:00{offset}", name, title, **more)


class Summary:
    """The window of one database, and what is to be read on it."""

    def __init__(self, desktop: VirtualDesktop, folder: Path) -> None:
        self._desktop = desktop
        self._read = folder / "read.txt"
        self.database = folder / "data" / "local.db"

    def record(self, *sessions: Session) -> None:
        adapter = SqliteAdapter(self.database)
        adapter.open()
        with adapter.connection():
            SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
        adapter.close()

    def open(self, status: dict[str, object] | None = RECORDING) -> None:
        probe = Path(__file__).with_name("summary_probe.py")
        command = [sys.executable, "-W", "error", probe, self.database, self._read]
        self.process = self._desktop.start(
            [*command, json.dumps(status)],
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )

    def wait_for(self, *texts: str) -> str:
        wait_until(
            lambda: self.process.poll() is not None or all(text in self.read() for text in texts),
            SECONDS,
            f"the window to show {texts}",
        )
        assert self.process.poll() is None, self._desktop.log(Path(sys.executable).name)
        return self.read()

    def read(self) -> str:
        return self._read.read_text("utf-8") if self._read.exists() else ""

    def press(self, key: str) -> None:
        self._desktop.xdotool("search", "--sync", "--onlyvisible", "--name", "Re:prospective")
        self._desktop.xdotool("key", key)

    def wait_for_the_end(self) -> str:
        output, _nothing = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0
        return output.decode()


@pytest.fixture
def summary(desktop: VirtualDesktop, tmp_path: Path) -> Iterator[Summary]:
    made = Summary(desktop, tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.communicate()


def test_a_day_shows_its_figures_applications_and_sessions(summary):
    summary.record(
        on_day(0, "00:00", "00:40", "Code", "sessionizer.py"),
        on_day(0, "00:40", "00:50", "ターミナル", "pytest — 終了コード 0"),
        on_day(0, "00:50", "00:55", "", "", state=State.IDLE),
    )
    summary.open()
    text = summary.wait_for("50 m", "sessionizer.py")
    assert "00:00 \N{EN DASH} 00:50" in text
    assert "00:40 \N{EN DASH} 00:50 | 10 m |  | ターミナル | pytest — 終了コード 0" in text
    assert "00:50 \N{EN DASH} 00:55 | 5 m |  | Idle | " in text
    assert "Recording" in text


def test_keys_turn_the_days_and_close_the_window_which_remembers_its_place(summary):
    summary.record(
        on_day(2, "09:00", "10:00", "Firefox", "two days ago"),
        on_day(0, "00:00", "00:10", "Code", "this day"),
    )
    summary.open()
    summary.wait_for("this day")
    summary.press("Left")
    summary.wait_for("Nothing was recorded on this day.")
    summary.press("Left")
    assert "this day" not in summary.wait_for("two days ago")
    summary.press("t")
    summary.wait_for("this day")
    summary.press("Left")
    summary.wait_for("Nothing was recorded on this day.")
    summary.press("Right")
    summary.wait_for("this day")
    summary.press("ctrl+w")
    assert summary.wait_for_the_end().startswith("900x600+")


def test_what_is_recorded_while_the_window_is_open_appears_in_it(summary):
    summary.record(on_day(0, "00:00", "00:10", "Code", "before"))
    summary.open()
    summary.wait_for("before")
    summary.record(on_day(0, "00:10", "00:30", "Slack", "meanwhile"))
    summary.wait_for("before", "meanwhile", "30 m")
    summary.press("Escape")
    summary.wait_for_the_end()


def test_the_first_start_says_what_to_do_and_goes_on_when_recording_begins(summary):
    summary.open(None)
    summary.wait_for("Nothing has been recorded yet", "reprospective-tray run", "Not recording")
    summary.record(on_day(0, "00:00", "00:10", "Code", "the first one"))
    summary.wait_for("the first one")


def test_a_paused_day_without_sessions_says_that_it_is_paused(summary):
    summary.record(on_day(1, "09:00", "10:00", "Code", "yesterday"))
    summary.open({"running": True, "paused": True, "paused_until": None})
    summary.wait_for("Recording is paused.", "Paused until you resume")


def test_a_signal_brings_the_window_to_the_front_and_does_not_end_it(summary, desktop):
    summary.record(on_day(0, "00:00", "00:10", "Code", "here"))
    summary.open()
    summary.wait_for("here")
    window = desktop.xdotool("search", "--onlyvisible", "--name", "Re:prospective")
    desktop.xdotool("windowminimize", "--sync", window)
    summary.process.send_signal(signal.SIGUSR1)
    desktop.xdotool("search", "--sync", "--onlyvisible", "--name", "Re:prospective")
    summary.press("Escape")
    summary.wait_for_the_end()


def test_a_damaged_database_is_said_and_the_window_stays(summary):
    summary.record(on_day(0, "00:00", "00:10", "Code", "before"))
    summary.database.write_bytes(b"this is no database " * 500)
    summary.open()
    summary.wait_for("is damaged")
    summary.press("Escape")
    summary.wait_for_the_end()
