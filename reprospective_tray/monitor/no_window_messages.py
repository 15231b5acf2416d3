"""Messages for a desktop whose windows cannot be seen: what is missing, and what to do."""

import os

from reprospective_tray.messages import _
from reprospective_tray.monitor.probes.base import Lack
from reprospective_tray.monitor.probes.session_type import WAYLAND, session_type


def reason(lack: Lack) -> str:
    """Return why no window can be seen, as a sentence; ``''`` if they can."""
    if lack is Lack.DISPLAY and _is_wayland():
        return _("The Wayland compositor does not answer.")
    return {
        Lack.NOTHING: "",
        Lack.DISPLAY: _("There is no display."),
        Lack.PYWAYLAND: _("On Wayland it needs pywayland."),
        Lack.EXTENSION: _("On GNOME it needs an extension."),
        Lack.WAY: _("This Wayland desktop does not report windows."),
        Lack.CHOICE: _("The probe set in monitor.probe does not work here."),
    }[lack]


def remedy(lack: Lack) -> str:
    """Return what to do, as a sentence; ``''`` if nothing is missing."""
    if lack is Lack.DISPLAY and _is_wayland():
        return _("Log in again, or use X11 (Xorg).")
    return {
        Lack.NOTHING: "",
        Lack.DISPLAY: _("Start it inside a desktop session."),
        Lack.PYWAYLAND: _("Install reprospective-tray[wayland]."),
        Lack.EXTENSION: _("Install Focused Window D-Bus (extensions.gnome.org)."),
        Lack.WAY: _("Log in with X11 (Xorg)."),
        Lack.CHOICE: _("Set it to auto, or remove it."),
    }[lack]


def sentence(lack: Lack) -> str:
    """Return that nothing is recorded, with both; ``''`` if nothing is missing."""
    if lack is Lack.NOTHING:
        return ""
    if lack is Lack.DISPLAY and not _is_wayland():
        return _("No window can be seen: there is no display.")
    return " ".join((_("Nothing is recorded."), reason(lack), remedy(lack)))


def _is_wayland() -> bool:
    return session_type(os.environ) == WAYLAND
