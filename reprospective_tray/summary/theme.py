"""Colours and fonts of the summary window, light and dark."""

import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass

_ASK_SECONDS = 1.0
_PORTAL = (
    *("gdbus", "call", "--session", "--timeout", "1"),
    *("--dest", "org.freedesktop.portal.Desktop"),
    *("--object-path", "/org/freedesktop/portal/desktop"),
    *("--method", "org.freedesktop.portal.Settings.Read"),
    *("org.freedesktop.appearance", "color-scheme"),
)
_GTK = ("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
# With figures of one width; what they lack, Japanese among it, the system's fallback has.
_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "DejaVu Sans")


@dataclass(frozen=True, slots=True)
class Palette:
    """The window's colours; `base` is the ttkbootstrap theme below them."""

    base: str
    ground: str
    surface: str
    border: str
    text: str
    dim: str
    accent: str
    track: str
    selected: str


LIGHT = Palette(
    base="bootstrap-light",
    ground="#f5f6f8",
    surface="#ffffff",
    border="#e3e6eb",
    text="#1c2230",
    dim="#667085",
    accent="#3d7dea",
    track="#f0f2f5",
    selected="#e6effd",
)
DARK = Palette(
    base="bootstrap-dark",
    ground="#1a1d23",
    surface="#23272f",
    border="#343a45",
    text="#e8ebf0",
    dim="#98a1b0",
    accent="#5b96f7",
    track="#1a1d23",
    selected="#2f3c54",
)


def system_palette() -> Palette:
    """Return the palette that the desktop prefers; light where nobody says."""
    if not sys.platform.startswith("linux"):
        return LIGHT
    portal = _ask(_PORTAL)
    if portal is not None:
        # (<<uint32 1>>,) is dark, 2 light, 0 no preference.
        return DARK if "uint32 1" in portal else LIGHT
    return DARK if "prefer-dark" in (_ask(_GTK) or "") else LIGHT


def _ask(command: tuple[str, ...]) -> str | None:
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *command[1:]],
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
