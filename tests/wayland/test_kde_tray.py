"""The icon of a program on Wayland in the tray of KDE Plasma, which hears of it by the bus alone.

The tray is Plasma's own applet in a window, on an X server, where its picture can be read.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from PIL import Image

from installer.demo.virtual_desktop import VirtualDesktop
from installer.demo.wayland_desktop import WaylandDesktop
from reprospective_tray.tray.picture import picture
from reprospective_tray.tray.state import Mode
from tests.desktop.app_under_test import AppUnderTest
from tests.support import User, wait_until

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not (shutil.which("plasmawindowed") and shutil.which("kded5")),
        reason="apt-get install --no-install-recommends plasma-workspace",
    ),
]
SECONDS = 20.0
WATCHER = "org.kde.StatusNotifierWatcher"
KDE = {"QT_QUICK_BACKEND": "software", "QT_QPA_PLATFORM": "xcb", "XDG_CURRENT_DESKTOP": "KDE"}
# Pixels of an icon's own colour, of the few hundred that it has.
MANY, FEW = 60, 10


def call(desktop: VirtualDesktop, name: str, path: str, method: str, *arguments: str) -> str:
    to = ("--dest", name, "--object-path", path, "--method", method)
    return desktop.run("gdbus", "call", "--session", *to, *arguments)


@pytest.fixture
def kde_tray() -> Iterator[VirtualDesktop]:
    """Plasma's tray in a window, and the part of KDE that icons register with."""
    with VirtualDesktop(panel=None, environment=KDE) as desktop:
        desktop.start(["kded5"])
        desktop.run("gdbus", "wait", "--session", "--timeout", "20", "org.kde.kded5")
        call(
            *(desktop, "org.kde.kded5", "/kded", "org.kde.kded5.loadModule"),
            "statusnotifierwatcher",
        )
        desktop.start(["plasmawindowed", "org.kde.plasma.systemtray"])
        asked = (WATCHER, "/StatusNotifierWatcher", "org.freedesktop.DBus.Properties.Get", WATCHER)
        wait_until(
            lambda: "true" in call(desktop, *asked, "IsStatusNotifierHostRegistered"),
            *(SECONDS, "the tray"),
        )
        yield desktop


@pytest.fixture
def app(kde_tray: VirtualDesktop, user: User) -> Iterator[AppUnderTest]:
    """The app on a Wayland compositor, whose session has that tray."""
    with ExitStack() as stack:
        sway = stack.enter_context(WaylandDesktop())
        made = AppUnderTest(user, kde_tray.env)
        made.env.pop("DISPLAY")
        made.env |= {
            "XDG_SESSION_TYPE": "wayland",
            "XDG_RUNTIME_DIR": kde_tray.env["XDG_RUNTIME_DIR"],
            "WAYLAND_DISPLAY": str(sway.folder / "run" / sway.env["WAYLAND_DISPLAY"]),
        }
        yield stack.enter_context(made)


def own_colour(mode: Mode) -> tuple[int, ...]:
    """Return the colour that a mode's picture has most of."""
    counted = picture(mode).getcolors(1 << 20)
    assert counted is not None
    return max((count, colour[:3]) for count, colour in counted if colour[3] == 255)[1]


def shown(desktop: VirtualDesktop, mode: Mode) -> int:
    """Return how many pixels of the tray's window have a mode's own colour."""
    window = desktop.xdotool("search", "--onlyvisible", "--class", "plasmawindowed").split()[0]
    told = desktop.xdotool("getwindowgeometry", "--shell", window)
    at = {name: int(value) for name, _, value in (it.partition("=") for it in told.split())}
    left, top = at["X"], at["Y"]
    with Image.open(desktop.screenshot(desktop.folder / "tray.png")) as screen:
        tray = screen.convert("RGB").crop((left, top, left + at["WIDTH"], top + at["HEIGHT"]))
    wanted = own_colour(mode)
    return sum(
        max(abs(a - b) for a, b in zip(pixel, wanted, strict=True)) <= 6
        for pixel in tray.get_flattened_data()
    )


def await_icon(desktop: VirtualDesktop, mode: Mode, other: Mode) -> None:
    wait_until(
        lambda: shown(desktop, mode) >= MANY and shown(desktop, other) <= FEW,
        *(SECONDS, f"the picture of {mode}"),
    )


def test_the_tray_of_plasma_shows_whether_the_program_records_or_is_paused(
    app: AppUnderTest, kde_tray: VirtualDesktop
) -> None:
    app.start()
    assert app.ask("status")["session_type"] == "wayland"
    await_icon(kde_tray, Mode.RECORDING, Mode.PAUSED)
    app.cli("pause")
    await_icon(kde_tray, Mode.PAUSED, Mode.RECORDING)
    app.cli("resume")
    await_icon(kde_tray, Mode.RECORDING, Mode.PAUSED)
    assert app.stop() == 0
