"""Colours and fonts of the summary window, light and dark."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Collection
from typing import Any

from msgspec import Struct

from reprospective_tray.system import child_environment

_ASK_SECONDS = 1.0
_PORTAL = (
    *("gdbus", "call", "--session", "--timeout", "1"),
    *("--dest", "org.freedesktop.portal.Desktop"),
    *("--object-path", "/org/freedesktop/portal/desktop"),
    *("--method", "org.freedesktop.portal.Settings.Read"),
    *("org.freedesktop.appearance", "color-scheme"),
)
_RESOURCES = ("xrdb", "-query")
_GTK = ("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
# With figures of one width; what they lack, Japanese among it, the system's fallback has.
_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "DejaVu Sans")


class Palette(Struct, frozen=True):
    """The window's colours; `mode` is ``light`` or ``dark``.

    Each text has a contrast of at least 4.5 to what it is written on; what cannot be pressed at
    the moment (`disabled`) has 3.
    """

    mode: str
    ground: str
    surface: str
    border: str
    text: str
    dim: str
    disabled: str
    accent: str
    track: str
    selected: str
    on_accent: str
    hatch: str
    more: str
    less: str
    thumb: str


LIGHT = Palette(
    mode="light",
    ground="#f5f6f8",
    surface="#ffffff",
    border="#e3e6eb",
    text="#1c2230",
    dim="#5f697a",
    disabled="#858e9d",
    accent="#2563eb",
    track="#f0f2f5",
    selected="#e6effd",
    on_accent="#ffffff",
    hatch="#dfe3e8",
    more="#147a50",
    less="#95610f",
    thumb="#d0d5dd",
)
DARK = Palette(
    mode="dark",
    ground="#1a1d23",
    surface="#23272f",
    border="#343a45",
    text="#e8ebf0",
    dim="#a3acba",
    disabled="#747d8c",
    accent="#5b96f7",
    track="#1a1d23",
    selected="#2f3c54",
    on_accent="#0f1520",
    hatch="#3a404b",
    more="#35b583",
    less="#d9a441",
    thumb="#4a5160",
)


class Desktop(Struct, frozen=True):
    """What the desktop says of its looks; `dpi` is None where it says nothing."""

    palette: Palette
    dpi: float | None


class Asking:
    """Asks the desktop in a thread: its programs may take their time."""

    def __init__(self) -> None:
        """Begin to ask."""
        self._answer = Desktop(LIGHT, None)
        self._thread = threading.Thread(target=self._ask, name="desktop-look", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> Desktop:
        """Return the answer, or after so many `seconds` what holds without one."""
        self._thread.join(seconds)
        return self._answer

    def _ask(self) -> None:
        self._answer = Desktop(system_palette(), said_dpi())


def ask_desktop() -> Asking:
    """Begin to ask the desktop whether it is dark, and how large its texts are."""
    return Asking()


def system_palette() -> Palette:
    """Return the palette that the desktop prefers; light where nobody says."""
    if not sys.platform.startswith("linux"):
        return LIGHT
    portal = _ask(_PORTAL)
    if portal is not None:
        # (<<uint32 1>>,) is dark, 2 light, 0 no preference.
        return DARK if "uint32 1" in portal else LIGHT
    return DARK if "prefer-dark" in (_ask(_GTK) or "") else LIGHT


def said_dpi() -> float | None:
    """Return the dpi of texts that the desktop has set; X servers themselves mostly say 96."""
    if not sys.platform.startswith("linux"):
        return None
    found = re.search(r"^Xft\.dpi:\s*([\d.]+)", _ask(_RESOURCES) or "", re.MULTILINE)
    return float(found[1]) if found else None


def _ask(command: tuple[str, ...]) -> str | None:
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *command[1:]],
            env=child_environment.environment(),
            capture_output=True,
            text=True,
            timeout=_ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def choose_family(installed: Collection[str], default: str) -> str:
    """Return the font family to use of those that are `installed`."""
    return next((family for family in _FAMILIES if family in installed), default)


def fit_fonts(root: Any, said_dpi: float | None) -> None:
    """Make fonts as large as they are asked for, in pixels; before the first font is made.

    Tk turns pixels into points by the X server's dpi, and Xft turns them back by what the desktop
    says. Where these differ, texts would be too large or too small.
    """
    if said_dpi:
        root.tk.call("tk", "scaling", said_dpi / 72)
