"""Texts of the summary are as large as its layout, whatever dpi the desktop says."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from installer.demo.wayland_desktop import WaylandDesktop
from tests.desktop.summary_driver import ROOT
from tests.support import User

# Prints how many pixels of the screen a pixel of the layout is, and a text of the body is wide.
_PROGRAM = """
import json
from reprospective_tray.summary.theme import ask_desktop
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.window.process import _make_root

root = _make_root()
look = WindowStyle.of(root, ask_desktop().wait(10))
print(json.dumps([look.scale, look.body.measure("A text of some length " * 20)]))
"""
# Prints how wide and high a small window is whose text takes two lines.
_SMALL_WINDOW = """
import json
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.tray.windows.message_window import MessageWindow

error = ReprospectiveError("A text of some length " * 5, "A remedy.")
root = MessageWindow("A head", error, None).root
root.update()
print(json.dumps([root.winfo_reqwidth(), root.winfo_reqheight()]))
"""
DPIS = (96, 120, 144, 192)


@pytest.fixture(scope="module", params=["X11", pytest.param("XWayland", marks=pytest.mark.long)])
def screen(request: pytest.FixtureRequest) -> Iterator[VirtualDesktop | WaylandDesktop]:
    """A desktop of this module alone, whose dpi its tests set."""
    with VirtualDesktop(panel=None) if request.param == "X11" else WaylandDesktop() as made:
        yield made


def measured(screen: VirtualDesktop | WaylandDesktop, user: User, program: str) -> dict[int, list]:
    """Return what a program prints at each dpi."""
    found = {}

    def run(*command: str, said: str = "") -> str:
        done = subprocess.run(
            [*getattr(screen, "prefix", ()), *command],
            input=said,
            env={**user.env, **screen.env},
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    for dpi in DPIS:
        run("xrdb", "-merge", "-", said=f"Xft.dpi: {dpi}\n")
        found[dpi] = json.loads(run(sys.executable, "-c", program))
    return found


def test_texts_grow_with_the_layout(screen: VirtualDesktop | WaylandDesktop, user: User) -> None:
    found = measured(screen, user, _PROGRAM)
    assert [scale for scale, _width in found.values()] == [dpi / 96 for dpi in DPIS]
    normal = found[96][1]
    # Letters of small texts are as wide as whole pixels.
    growth = [width / normal for _scale, width in found.values()]
    assert growth == pytest.approx([dpi / 96 for dpi in DPIS], rel=0.06)


def test_small_windows_grow_with_their_texts(
    screen: VirtualDesktop | WaylandDesktop, user: User
) -> None:
    found = measured(screen, user, _SMALL_WINDOW)
    for side in (0, 1):
        growth = [size[side] / found[96][side] for size in found.values()]
        assert growth == pytest.approx([dpi / 96 for dpi in DPIS], rel=0.1)
