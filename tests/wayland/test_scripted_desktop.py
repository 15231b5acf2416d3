"""The main claim, on Wayland: what was in front is recorded, to the millisecond."""

from collections.abc import Callable

import pytest

from installer.wayland_desktop import WaylandDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.script import Script, judge
from tests.desktop.windows import now_ms
from tests.wayland.windows import Windows

MakeApp = Callable[..., AppUnderTest]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seconds", [25.0, pytest.param(60.0, marks=pytest.mark.long)])
def test_switching_is_attributed_with_at_most_a_thousandth_of_error(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows, seconds: float
) -> None:
    app = make_app(desktop).start()
    script = Script(windows, seed=20261123)
    script.play(seconds)
    end = now_ms()
    app.stop()

    verdict = judge(script.truth(end), app.rows("state = 'active'"))
    print(verdict)
    assert verdict.invented == 0
    assert verdict.caught == verdict.long_stretches
    assert verdict.error <= 0.001


def test_quick_switching_loses_no_stretch_of_a_tenth_of_a_second(
    make_app: MakeApp, desktop: WaylandDesktop, windows: Windows
) -> None:
    app = make_app(desktop).start()
    script = Script(windows, seed=7)
    script.play(6, shortest=0.1, longest=0.2)
    end = now_ms()
    app.stop()

    verdict = judge(script.truth(end), app.rows("state = 'active'"))
    print(verdict)
    assert verdict.caught == verdict.long_stretches
    assert verdict.invented == 0
