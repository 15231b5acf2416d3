"""An error in a callback of a window is logged, shown, and keeps no later callback from running."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.summary.format_text import long_date
from tests.desktop.failing_window import WHAT
from tests.desktop.summary_driver import ROOT, ZONE, on_day, posix_zone, record, today
from tests.desktop.summary_seen import Seen
from tests.desktop.test_control_window import Instance
from tests.support import User, wait_until

pytestmark = pytest.mark.trust

SECONDS = 15.0
SUMMARY = "reprospective_tray.summary.window.summary_window:SummaryWindow"
CONTROL = "reprospective_tray.tray.windows.control_window:ControlWindow"


class FailingWindow:
    """The window of a command, one method of which fails the first time."""

    def __init__(self, desktop: VirtualDesktop, user: User, method: str, *words: str) -> None:
        self.desktop, self.user = desktop, user
        self._file = user.folder / "read.json"
        self.process = desktop.start(
            [sys.executable, "-m", "tests.desktop.failing_window", self._file, method, *words],
            cwd=ROOT,
            env={**user.env, "TZ": posix_zone(ZONE)},
            stderr=subprocess.PIPE,
        )

    def wait_for(self, *texts: str) -> Seen:
        """Wait until all these can be read, each as a part of a text."""
        found: list[Seen] = []

        def is_there() -> bool:
            assert self.process.poll() is None, self.process.communicate()[1].decode()
            if not self._file.exists():
                return False
            found[:] = [Seen(json.loads(self._file.read_text("utf-8")))]
            words = found[0].words()
            return all(any(text in word for word in words) for text in texts)

        try:
            wait_until(is_there, SECONDS, f"{texts}")
        except TimeoutError as error:
            raise AssertionError(f"{error}; it shows {found and found[0].words()}") from None
        return found[0]

    def key(self, *keys: str) -> None:
        window = self.desktop.xdotool("search", "--onlyvisible", "--name", "Re:prospective")
        self.desktop.xdotool(
            "windowfocus", "--sync", window.splitlines()[-1], "key", "--delay", 20, *keys
        )

    def close(self, key: str, code: int = 0) -> str:
        """Close it by a key; return what its log says."""
        self.key(key)
        said = self.process.communicate(timeout=SECONDS)[1].decode()
        assert self.process.returncode == code, said
        assert "Traceback" not in said
        return self.user.paths.log_file.read_text("utf-8")


@pytest.fixture
def failing(desktop: VirtualDesktop, user: User) -> Iterator[Callable[..., FailingWindow]]:
    """Open the window of a command, one method of which fails at first."""
    with ExitStack() as stack:

        def start(method: str, *words: str) -> FailingWindow:
            window = FailingWindow(desktop, user, method, *words)

            def end() -> None:
                window.process.kill()
                window.process.wait()
                window.process.stderr.close()

            stack.callback(end)
            return window

        yield start


@pytest.mark.parametrize("method", ["_paint", "_catch_up", "_look_once", "_show_sessions"])
def test_the_summary_shows_the_error_and_later_what_is_recorded(failing, user, method):
    record(user.database, on_day(0, "08:00", "09:10", "Code", "first"))
    window = failing(f"{SUMMARY}.{method}", "summary")
    window.wait_for("Internal error", WHAT)
    record(user.database, on_day(0, "09:10", "09:50", "Firefox", "second"))
    window.wait_for("first", "second")
    log = window.close("ctrl+w")
    assert f"LookupError: {WHAT}" in log
    assert "Traceback" in log


def test_an_error_of_the_calendar_is_shown_and_the_next_click_opens_it(failing, user):
    record(user.database, on_day(0, "08:00", "09:10", "Code", "first"))
    window = failing("reprospective_tray.summary.window.header:Header._pick_day", "summary")
    seen = window.wait_for("first", long_date(today()))
    heading = seen.find(long_date(today()))
    assert heading is not None
    window.desktop.xdotool("mousemove", *heading.box.at(0.5), "click", 1)
    window.wait_for("Internal error", WHAT)
    window.desktop.xdotool("mousemove", *heading.box.at(0.5), "click", 1)
    window.wait_for("Mon", f"{today():%B %Y}")


def test_closing_is_not_kept_back_by_an_error(failing, user):
    record(user.database, on_day(0, "08:00", "09:10", "Code", "first"))
    window = failing("reprospective_tray.summary.window.deletion:Deletion.finish", "summary")
    window.wait_for("first")
    assert f"LookupError: {WHAT}" in window.close("ctrl+w")


@pytest.mark.parametrize("folder", ["state", "log"])
def test_the_summary_closes_whatever_cannot_be_written(failing, user, folder):
    record(user.database, on_day(0, "08:00", "09:10", "Code", "first"))
    window = failing(f"{SUMMARY}.export_menu", "summary")
    window.wait_for("first")
    place = getattr(user.paths, folder)
    if place.exists():
        place.rename(user.folder / "away")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"")
    window.key("ctrl+w")
    said = window.process.communicate(timeout=SECONDS)[1].decode()
    assert window.process.returncode == 0
    assert "Traceback" not in said
    assert ("not remembered" in said) == (folder == "state")


def test_the_control_window_shows_the_error_and_later_what_the_program_says(failing, user):
    with Instance(user) as instance:
        window = failing(
            "reprospective_tray.tray.windows.control_window:ControlWindow._show", "control-window"
        )
        window.wait_for("Internal error", WHAT)
        instance.status = {**instance.status, "application_name": "Firefox"}
        window.wait_for("8 h 08 m today", "Firefox", WHAT)
        assert f"LookupError: {WHAT}" in window.close("Escape")


def test_a_status_that_is_none_does_not_end_the_control_windows_asking(failing, user):
    with Instance(user) as instance:
        good = instance.status
        instance.status = {**good, "sync": {"enabled": True, "waiting": "many"}, "pass": 7}
        window = failing(f"{CONTROL}.raise_up", "control-window")
        instance.questions.get(timeout=SECONDS)
        instance.questions.get(timeout=SECONDS)
        instance.status = good
        window.wait_for("8 h 08 m today")
        window.close("Escape")


def test_the_forget_window_shows_the_error_and_can_be_closed(failing, user):
    record(user.database, on_day(0, "08:00", "09:10", "Code", "first"))
    window = failing(
        "reprospective_tray.tray.windows.forget_window:ForgetWindow._looked",
        *("forget-window", "--since", "0"),
    )
    window.wait_for("Internal error", WHAT)
    assert f"LookupError: {WHAT}" in window.close("Escape")


def test_the_message_window_shows_the_error_and_can_be_closed(failing, user):
    user.write_config("language: 7\n")
    window = failing(
        "reprospective_tray.tray.windows.message_window:MessageWindow._open", "summary"
    )
    window.wait_for("Open settings")
    window.key("Tab", "Return")
    window.wait_for("Internal error", WHAT)
    window.key("Escape")
    said = window.process.communicate(timeout=SECONDS)[1].decode()
    assert window.process.returncode == 2
    assert "Traceback" not in said
