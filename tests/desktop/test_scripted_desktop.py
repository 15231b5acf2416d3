"""The main claim: what was in front is recorded, to the millisecond."""

from collections.abc import Callable

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.held_up import HeldUp
from tests.desktop.script import Script, Verdict, await_recording, judge
from tests.desktop.windows import Windows, now_ms

SECONDS, QUICK_SECONDS = 60.0, 30.0


def play(
    app: AppUnderTest, desktop: VirtualDesktop, windows: Windows, seed: int, *times: float
) -> Verdict:
    """Let a script play for some seconds, and each thing be seen for at least and at most so long.

    Nothing may be lost or invented.
    """
    app.start()
    await_recording(app, windows)
    # When something changed is the X server's own word; what it was, the program has to ask for.
    script = Script(windows, seed, HeldUp(app.process.pid, desktop._x.pid).ms)
    script.play(*times)
    truth = script.truth(now_ms())
    app.stop()
    verdict = judge(truth, app.rows("state = 'active'"))
    print(verdict)
    assert verdict.invented == 0, verdict
    assert verdict.caught == verdict.long_stretches, verdict
    return verdict


@pytest.mark.timeout(180)
def test_switching_is_attributed_with_at_most_a_thousandth_of_error(
    make_app: Callable[..., AppUnderTest],
    desktop: VirtualDesktop,
    windows: Windows,
    pytestconfig: pytest.Config,
) -> None:
    """For a minute with --long, for half of one without."""
    seconds = SECONDS if pytestconfig.getoption("--long") else QUICK_SECONDS
    assert play(make_app(desktop), desktop, windows, 20261123, seconds).error <= 0.001


def test_quick_switching_loses_no_stretch_of_a_tenth_of_a_second(
    make_app: Callable[..., AppUnderTest], desktop: VirtualDesktop, windows: Windows
) -> None:
    play(make_app(desktop), desktop, windows, 7, 8, 0.1, 0.2)
