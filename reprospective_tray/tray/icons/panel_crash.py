"""GTK's icon in an X11 panel outlives a panel that crashes.

Such a panel takes the icon's window along. GTK 3 then ends the program at the first X error of
what was on its way to that window, and frees the icon's widget, which Gtk.StatusIcon goes on using.
"""

from __future__ import annotations

import logging
from typing import Any
from weakref import WeakSet

_log = logging.getLogger(__name__)

# GTK's private widget in the panel, of Gtk.StatusIcon, which AppIndicator falls back to as well.
WIDGET = "GtkTrayIcon"


def outlive_panels() -> None:
    """Let no panel's crash end this process or its icon; called before the icon is made."""
    from gi.repository import GObject, Gtk

    _ignore_x_errors()
    known: WeakSet[Any] = WeakSet()

    def realized(widget: Any) -> bool:
        if widget.__gtype__.name == WIDGET and widget not in known:
            known.add(widget)
            widget.connect("destroy-event", _window_destroyed)
        return True  # go on watching: AppIndicator makes its widget later, and maybe more than one

    GObject.add_emission_hook(Gtk.Widget, "realize", realized)


def _ignore_x_errors() -> None:
    """Let X errors pass for the rest of the process's life; the icon's are all there are.

    A display that is gone is no such error: that ends GTK's programs as ever.
    """
    import gi

    try:
        gi.require_version("GdkX11", "3.0")
        from gi.repository import Gdk, GdkX11
    except (ImportError, ValueError) as error:  # GTK may be built without X11
        _log.debug("GTK has no X11 here: %s", error)
        return
    display = Gdk.Display.get_default()
    if isinstance(display, GdkX11.X11Display):
        # Never popped: an error may still be on its way when the icon has gone.
        display.error_trap_push()


def _window_destroyed(widget: Any, _event: Any) -> bool:
    """Make a new window for the widget, which asks for the next panel by itself."""
    widget.hide()
    widget.unrealize()
    widget.show()
    return True  # handled: GTK would free the widget
