"""A thread of the real program dies: what is recorded, and what a person sees."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from installer.demo.virtual_desktop import VirtualDesktop
from tests.bystander import is_near
from tests.desktop.app_under_test import ROOT, AppUnderTest
from tests.desktop.windows import Windows, now_ms
from tests.support import User, wait_until

SECONDS = 20.0
NOTIFIER = Path(__file__).with_name("status_notifier.py")
# What a moment's work may take.
MOMENT_MS = 2_000
# Python runs it before the program: the window in front cannot be told while the file is there;
# one with something in it goes at the first death.
DYING_PROBE = """
import os
from reprospective_tray.monitor.probes.x11 import probe as x11

real = x11.X11Probe.current

def current(self):
    if os.path.exists({file!r}):
        if os.path.getsize({file!r}):
            os.unlink({file!r})
        raise RuntimeError("a mistake of the probe")
    return real(self)

x11.X11Probe.current = current
"""


def make_dying(app: AppUnderTest, user: User) -> Path:
    file, folder = user.folder / "die", user.folder / "dying"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(DYING_PROBE.format(file=str(file)), "utf-8")
    app.env["PYTHONPATH"] = f"{folder}:{ROOT}"
    return file


def look(desktop: VirtualDesktop) -> dict:
    return json.loads(desktop.run(sys.executable, NOTIFIER, "look")) or {}


def test_recording_that_dies_goes_on_and_from_the_third_time_on_the_icon_says_so(
    make_app: Callable[..., AppUnderTest], statusnotifier_desktop: VirtualDesktop, user: User
) -> None:
    desktop = statusnotifier_desktop
    app = make_app(desktop)
    file = make_dying(app, user)
    app.start()
    with Windows(desktop.env["DISPLAY"]) as windows:
        window = windows.open("Editor", "before")
        app.wait_for_row("window_title = 'before' and open = 1")
        assert app.ask("status")["problem"] == ""

        # Once: it is said, and is no alarm.
        file.write_text("once")
        died_at = window.set_title("dies of this")
        row = app.wait_for_row("window_title = 'dies of this'")
        assert row["started_at"] >= died_at
        assert is_near(row["started_at"], died_at, 1_000 + MOMENT_MS)
        assert app.rows("window_title = 'before'")[-1]["ended_at"] >= died_at
        status = app.ask("status")
        assert status["mode"] == "recording"
        assert "The recorder failed at" in str(status["problem"])
        assert "The recorder failed at" in app.cli("status").stdout

        # Twice more.
        file.touch()
        window.set_title("dies of this, too")
        wait_until(lambda: app.ask("status")["mode"] == "attention", SECONDS, "the alarm")
        file.unlink()
        mended_at = now_ms()
        row = app.wait_for_row("window_title = 'dies of this, too'")
        assert is_near(max(row["started_at"], mended_at), mended_at, 4_000 + MOMENT_MS)

        wait_until(lambda: "attention" in look(desktop)["IconName"], SECONDS, "the picture")
        # In a menu an underscore is written twice.
        lines = [line["label"].replace("__", "_") for line in look(desktop)["lines"]]
        assert any(line.startswith("3 failures since") for line in lines)
        assert any(str(user.paths.log) in line for line in lines)
        said = app.cli("status").stdout
        assert f"The log is in {user.paths.log}" in said
    assert app.output().count("a mistake of the probe") >= 3
    assert app.stop() == 0
