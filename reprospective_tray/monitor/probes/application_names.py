"""One name for a program, whether it runs on X11 or on Wayland.

On X11 a window's program is named by its class (WM_CLASS), on Wayland by its app_id, and
both lead to the program's desktop file (Desktop Entry Specification 1.5). The class is the
name that is recorded.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_HEADER = "[Desktop Entry]"
_KEY = "StartupWMClass"

# Programs whose desktop files do not state their class, or state a wrong one.
_CLASSES = {
    "chromium": "Chromium",
    "chromium-browser": "Chromium-browser",
    "evince": "Evince",
    "org.gnome.evince": "Evince",
    "eog": "Eog",
    "org.gnome.eog": "Eog",
    "gedit": "Gedit",
    "org.gnome.gedit": "Gedit",
    "geany": "Geany",
    "gnome-terminal": "Gnome-terminal",
    "gnome-terminal-server": "Gnome-terminal",
    "org.gnome.terminal": "Gnome-terminal",
    "google-chrome": "Google-chrome",
    "meld": "Meld",
    "org.gnome.meld": "Meld",
    "mousepad": "Mousepad",
    "org.xfce.mousepad": "Mousepad",
    "nemo": "Nemo",
    "pcmanfm": "Pcmanfm",
    "pavucontrol": "Pavucontrol",
    "org.pulseaudio.pavucontrol": "Pavucontrol",
    "thunar": "Thunar",
    "xfce4-terminal": "Xfce4-terminal",
}
# Programs of these vendors use the part after it as their class on X11.
_PREFIXES = ("org.kde.",)


class ApplicationNames:
    """Maps what a Wayland window reports of its program to the name that it has on X11."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._classes: dict[str, str] = {}
        self._seen: list[tuple[Path, int]] = []

    def of(self, app_id: str) -> str:
        """Return the name of the program with `app_id`; `app_id` itself if no other is known."""
        wanted = app_id.casefold()
        if known := _CLASSES.get(wanted) or self._declared(wanted):
            return known
        for prefix in _PREFIXES:
            if wanted.startswith(prefix) and wanted != prefix:
                return app_id[len(prefix) :]
        return app_id

    def _declared(self, wanted: str) -> str | None:
        if wanted not in self._classes:
            # Programs can be installed while this one runs.
            folders = _folders()
            if folders != self._seen:
                self._classes = dict(_declarations([folder for folder, _changed_at in folders]))
                self._seen = folders
        return self._classes.get(wanted)


def _folders() -> list[tuple[Path, int]]:
    """Return the folders of desktop files and when they changed, the most important one first."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    found = []
    for name in (home, *shared.split(":")):
        with suppress(OSError, ValueError):
            folder = Path(name, "applications")
            found.append((folder, folder.stat().st_mtime_ns))
    return found


def _declarations(folders: list[Path]) -> Iterator[tuple[str, str]]:
    """Yield app_ids in lower case with the classes that desktop files declare for them.

    Later ones are more important: a program's own file name takes precedence over another's class.
    """
    declared = [
        (file.stem.casefold(), its_class)
        for folder in reversed(folders)
        for file in sorted(folder.glob("*.desktop"))
        if (its_class := _startup_class(file))
    ]
    yield from ((its_class.casefold(), its_class) for _name, its_class in declared)
    yield from declared


def _startup_class(file: Path) -> str:
    """Return the StartupWMClass of a desktop file, ``''`` if it has none."""
    with suppress(OSError):
        _before, _header, entry = file.read_text("utf-8", "replace").partition(_HEADER)
        for line in entry.splitlines():
            if line.startswith("["):
                break
            key, _equals, value = line.partition("=")
            if key.strip() == _KEY:
                return value.strip()
    return ""
