"""Tk's windows are of X11: on Wayland they need XWayland."""

from __future__ import annotations

import os

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _


def lacking() -> ReprospectiveError | None:
    """Return what is said of any window where this is a Wayland session without XWayland."""
    if os.environ.get("DISPLAY") or not os.environ.get("WAYLAND_DISPLAY"):
        return None
    return ReprospectiveError(
        _("The window cannot be opened: this Wayland session has no XWayland."),
        _(
            "Install it (on Debian and Ubuntu: xwayland) and log in again, or use: "
            "reprospective-tray report"
        ),
    )
