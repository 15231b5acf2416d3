"""Which tray is there, and which way of pystray's serves it."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.desktop import session_bus
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.system.lean_memory import without

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_log = logging.getLogger(__name__)

WATCHER = "org.kde.StatusNotifierWatcher"
XEMBED_SELECTION = "_NET_SYSTEM_TRAY_S0"

APPINDICATOR, GTK, XORG, NATIVE = "appindicator", "gtk", "xorg", "native"


class TrayUnavailableError(ReprospectiveError):
    """There can be no icon here; recording goes on without it."""


@dataclass(frozen=True, slots=True)
class Backend:
    """How the icon is shown.

    Attributes:
        name: ``appindicator``, ``gtk``, ``xorg``, or ``native`` (Windows, macOS).
        has_menu: Whether this way can have a menu at all.
        problem: What is missing, a sentence; empty when all is well.
        remedy: How to get it.
    """

    name: str
    has_menu: bool = True
    problem: str = ""
    remedy: str = ""


def choose() -> Backend:
    """Return how the icon can be shown on this desktop.

    A `problem` may mend itself: panels start after login programs. `TrayIcon.shown` says
    whether one has taken the icon.

    Raises:
        TrayUnavailableError: not at all; says what is missing and how to get it.
    """
    if sys.platform in {"win32", "darwin"}:
        return Backend(NATIVE)
    x11, wayland = bool(os.environ.get("DISPLAY")), bool(os.environ.get("WAYLAND_DISPLAY"))
    if not x11 and not wayland:
        raise TrayUnavailableError(
            _("There is no tray icon: this session has no display."),
            _("Start the program inside a desktop session, or with `run --no-tray`."),
        )
    # First: whoever imports GTK waits for a bus that never answers, and this finds that out.
    has_bus = session_bus.answers()
    lacking = _lacking_for_menu()
    if lacking is not None:
        return _without_menu(lacking, x11=x11)
    with_indicator = _has_indicator()
    if session_bus.is_owned(WATCHER) and with_indicator:
        return Backend(APPINDICATOR)
    if x11 and _xembed_tray():
        return Backend(GTK)
    problem = _("No tray was found on this desktop, so the icon cannot be seen.")
    if with_indicator:
        remedy = _(
            "Enable your desktop's tray: on GNOME the extension AppIndicator and "
            "KStatusNotifierItem Support, elsewhere the panel's tray. Until then, start the "
            "program again to open its window."
        )
    else:
        remedy = _("Install gir1.2-ayatanaappindicator3-0.1 (or your system's name for it).")
    if with_indicator and has_bus:
        return Backend(APPINDICATOR, problem=problem, remedy=remedy)
    if not x11:
        raise TrayUnavailableError(problem, remedy)
    return Backend(GTK, problem=problem, remedy=remedy)


def _lacking_for_menu() -> str | None:
    """Return what PyGObject's GTK lacks, or None if it can be used."""
    # GTK would ask for OpenGL at its first window: with Mesa's software driver 22 MB for nothing.
    with _environment("GDK_GL", "disable"), without("ssl"):
        try:
            import gi

            gi.require_version("Gtk", "3.0")
            from gi.repository import Gtk
        except (ImportError, ValueError) as error:  # ValueError: the typelib is missing
            return str(error)
        initialised = Gtk.init_check()
    # A tuple of the answer and the arguments in some versions, the answer alone in others.
    if isinstance(initialised, tuple):
        initialised = initialised[0]
    return None if initialised else _("GTK cannot open the display")


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable for a moment: programs that are started from here must not inherit it."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _has_indicator() -> bool:
    import gi

    for name in ("AppIndicator3", "AyatanaAppIndicator3"):
        try:
            gi.require_version(name, "0.1")
        except ValueError:
            continue
        return True
    return False


def _without_menu(lacking: str, *, x11: bool) -> Backend:
    _log.info("no GTK: %s", lacking)
    remedy = _(
        "Install PyGObject with GTK 3 and AppIndicator (on Debian and Ubuntu: python3-gi, "
        "gir1.2-gtk-3.0, gir1.2-ayatanaappindicator3-0.1; or the extra reprospective-tray[tray])."
    )
    if not x11:
        raise TrayUnavailableError(
            _("There is no tray icon: PyGObject is missing ({reason}).").format(reason=lacking),
            remedy,
        )
    if not _xembed_tray():
        raise TrayUnavailableError(
            _("There is no tray icon: no tray was found that works without PyGObject."), remedy
        )
    return Backend(
        XORG,
        has_menu=False,
        problem=_(
            "The tray icon has no menu because PyGObject is missing. A click opens a window."
        ),
        remedy=remedy,
    )


def _xembed_tray() -> bool:
    """Say whether an X11 panel takes tray icons."""
    try:
        from Xlib import X, display

        connection = display.Display()
    except Exception as error:  # noqa: BLE001  python-xlib raises many kinds for a display that is not there
        _log.debug("no X server to ask for a tray: %s", error)
        return False
    try:
        owner = connection.get_selection_owner(connection.intern_atom(XEMBED_SELECTION))
        return bool(owner != X.NONE)
    finally:
        connection.close()


def load(name: str) -> ModuleType:
    """Import pystray with the wanted backend and return that backend's module.

    Raises:
        TrayUnavailableError: it does not load; the text has its reason.
    """
    import importlib

    if name == NATIVE:
        name = {"win32": "win32", "darwin": "darwin"}.get(sys.platform, "xorg")
    lacking = _lacking_for_menu() if name in {APPINDICATOR, GTK} else None
    if lacking is not None:
        raise _not_loaded(lacking)
    with _environment("PYSTRAY_BACKEND", name):
        try:
            return importlib.import_module(f"pystray._{name}")
        # Not only ImportError: Xlib's DisplayNameError, gi's ValueError, and SystemExit were seen.
        except (Exception, SystemExit) as error:
            raise _not_loaded(str(error)) from error


def _not_loaded(reason: str) -> TrayUnavailableError:
    return TrayUnavailableError(
        _("There is no tray icon: {reason}").format(reason=reason),
        _("Recording continues. Start the program again to open its window."),
    )
