"""The main claim, on Wayland: what was in front is recorded, to a few milliseconds.

Wayland's events bear no time, as X11's do: both the program and the test go by when they arrive.
"""

import os
from collections.abc import Callable

import pytest

from installer.demo.wayland_desktop import WaylandDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.held_up import HeldUp
from tests.desktop.script import Script, Verdict, await_recording, judge
from tests.desktop.windows import now_ms
from tests.wayland.windows import Windows

MakeApp = Callable[..., AppUnderTest]


def play(
    app: AppUnderTest, desktop: WaylandDesktop, windows: Windows, seed: int, *times: float
) -> Verdict:
    """Let a script play for some seconds, and each thing be seen for at least and at most so long.

    Nothing may be lost or invented.
    """
    app.start()
    await_recording(app, windows)
    involved = (app.process.pid, desktop._sway.pid, os.getpid())
    script = Script(windows, seed, HeldUp(*involved).ms)
    script.play(*times)
    truth = script.truth(now_ms())
    app.stop()
    verdict = judge(truth, app.rows("state = 'active'"))
    print(verdict)
    assert verdict.invented == 0, verdict
    assert verdict.caught == verdict.long_stretches, verdict
    return verdict


@pytest.mark.timeout(180)
# What either of the two is told late, on a busy machine, weighs more the shorter the time is.
@pytest.mark.parametrize(
    ("seconds", "bound"), [(20.0, 0.002), pytest.param(60.0, 0.001, marks=pytest.mark.long)]
)
@pytest.mark.long
def test_switching_is_attributed_with_hardly_any_error(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows, seconds: float, bound: float
) -> None:
    assert play(make_app(desktop), desktop, windows, 20261123, seconds).error <= bound


@pytest.mark.long
def test_quick_switching_loses_no_stretch_of_a_tenth_of_a_second(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows
) -> None:
    play(make_app(desktop), desktop, windows, 7, 6, 0.1, 0.2)
