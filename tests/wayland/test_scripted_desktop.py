"""The main claim, on Wayland: what was in front is recorded, to a few milliseconds.

Wayland's events bear no time, as X11's do: where the machine stands still for a moment, so do the
program's clock and the test's. Such a moment is told from a fault by its not coming again.
"""

from collections.abc import Callable, Iterator
from typing import Any

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

    Nothing may be invented, whatever the machine does.
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
    return verdict


def plays(*what: Any) -> Iterator[Verdict]:
    """Play a script and, where that is not enough, others."""
    app, desktop, seed, *times = what
    yield from (play(app, desktop, seed + number, *times) for number in range(TRIES))


def caught_all(verdict: Verdict) -> bool:
    return verdict.caught == verdict.long_stretches


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("seconds", "most"),
    [pytest.param(20.0, 0.002, id="short"), pytest.param(60.0, 0.001, marks=pytest.mark.long)],
)
def test_switching_is_attributed_with_next_to_no_error(
    make_app: MakeApp, desktop: WaylandDesktop, seconds: float, most: float
) -> None:
    played = plays(make_app(desktop), desktop, 20261123, seconds)
    assert any(caught_all(verdict) and verdict.error <= most for verdict in played)


def test_quick_switching_loses_no_stretch_of_a_tenth_of_a_second(
    make_app: MakeApp, desktop: WaylandDesktop
) -> None:
    assert any(map(caught_all, plays(make_app(desktop), desktop, 7, 6, 0.1, 0.2)))
