"""The main claim, on Wayland: what was in front is recorded, to a few milliseconds.

Wayland's events bear no time, as X11's do: where the machine stands still for a moment, so do the
program's clock and the test's. Such a moment is told from a fault by its not coming again.
"""

from collections.abc import Callable

import pytest

from installer.wayland_desktop import WaylandDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.script import Script, Verdict, judge
from tests.desktop.windows import now_ms
from tests.wayland.windows import Windows

TRIES = 3

MakeApp = Callable[..., AppUnderTest]


def play(app: AppUnderTest, desktop: WaylandDesktop, seed: int, *times: float) -> Verdict:
    """Let a script play for some seconds, and each thing be seen for at least and at most so long.

    Nothing may be lost or invented, whatever the machine does.
    """
    app.start()
    began = now_ms()
    with Windows(desktop) as windows:
        script = Script(windows, seed)
        script.play(*times)
        end = now_ms()
        app.stop()
    verdict = judge(script.truth(end), app.rows(f"state = 'active' and started_at >= {began}"))
    print(verdict)
    assert verdict.invented == 0
    assert verdict.caught == verdict.long_stretches
    return verdict


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("seconds", "most"),
    [pytest.param(20.0, 0.002, id="short"), pytest.param(60.0, 0.001, marks=pytest.mark.long)],
)
def test_switching_is_attributed_with_next_to_no_error(
    make_app: MakeApp, desktop: WaylandDesktop, seconds: float, most: float
) -> None:
    app = make_app(desktop)
    errors = (play(app, desktop, 20261123 + number, seconds).error for number in range(TRIES))
    assert any(error <= most for error in errors)


def test_quick_switching_loses_no_stretch_of_a_tenth_of_a_second(
    make_app: MakeApp, desktop: WaylandDesktop
) -> None:
    play(make_app(desktop), desktop, 7, 6, 0.1, 0.2)
