"""One name for a program, whether it runs under X11 or under Wayland.

Under X11 a window's program is named by its class (WM_CLASS), under Wayland by its app_id, and
both lead to the program's desktop file (Desktop Entry Specification 1.5). The class is the one
name that is recorded.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_HEADER = "[Desktop Entry]"
_KEY = "StartupWMClass"

# Programs whose desktop files do not say their class, or another one than they have.
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
# Programs of these call their class what comes behind, under X11.
_PREFIXES = ("org.kde.",)


class ApplicationNames:
    """Maps what a Wayland window says of its program to the name that it has under X11."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._classes: dict[str, str] = {}
        self._seen: list[tuple[Path, int]] = []

    def of(self, app_id: str) -> str:
        """Return the name of the program with `app_id`; `app_id` itself where nothing says more."""
        wanted = app_id.casefold()
        if known := _CLASSES.get(wanted) or self._declared(wanted):
            return known
        for prefix in _PREFIXES:
            if wanted.startswith(prefix) and wanted != prefix:
                return app_id[len(prefix) :]
        return app_id

    def _declared(self, wanted: str) -> str | None:
        if wanted not in self._classes:
            # Programs are installed while this one runs.
            folders = _folders()
            if folders != self._seen:
                self._classes = dict(_declarations([folder for folder, _changed_at in folders]))
                self._seen = folders
        return self._classes.get(wanted)


def _folders() -> list[tuple[Path, int]]:
    """Return where desktop files lie, and when that changed, the most important folder first."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    found = []
    for name in (home, *shared.split(":")):
        with suppress(OSError, ValueError):
            folder = Path(name, "applications")
            found.append((folder, folder.stat().st_mtime_ns))
    return found


def _declarations(folders: list[Path]) -> Iterator[tuple[str, str]]:
    """Yield app_ids in small letters with the classes that desktop files declare for them.

    What comes later is more important: a program's own file name before another's class.
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
    """Return what a desktop file gives as StartupWMClass, ``''`` where it gives none."""
    with suppress(OSError):
        _before, _header, entry = file.read_text("utf-8", "replace").partition(_HEADER)
        for line in entry.splitlines():
            if line.startswith("["):
                break
            key, _equals, value = line.partition("=")
            if key.strip() == _KEY:
                return value.strip()
    return ""
