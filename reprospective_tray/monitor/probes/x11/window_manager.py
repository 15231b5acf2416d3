"""The window manager of an X screen, and the active window that it names (EWMH 1.5)."""

from typing import Any

from Xlib import X, error

# A window disappeared between its event and our question, or never was one.
GONE = (error.BadWindow, error.BadDrawable, error.BadMatch)
# Number properties are lists of 32-bit units.
_NUMBER_FORMAT = 32


def number(window: Any, atom: int) -> int:
    """Return the first number of a property of `window`, 0 if there is none.

    Raises:
        Xlib.error.BadWindow: the window is gone.
    """
    found = window.get_property(atom, X.AnyPropertyType, 0, 1)
    if found is None or found.format != _NUMBER_FORMAT or not len(found.value):
        return 0
    return int(found.value[0])


class WindowManager:
    """What a window manager reports, while it runs.

    What it wrote on the root window stays after it has died, or after another one has taken its
    place. It runs while the window that it names as its own exists and names itself.
    """

    def __init__(self, display: Any) -> None:
        """Ask `display` for the numbers of the properties' names."""
        self._display = display
        self._root = display.screen().root
        self._active = display.intern_atom("_NET_ACTIVE_WINDOW")
        self._check = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
        self._own_window = 0
        self._root.change_attributes(event_mask=X.PropertyChangeMask)

    def take(self, event: Any) -> bool:
        """Take an event; tell whether it may mean another active window or window manager."""
        if event.type == X.DestroyNotify:
            if not self._own_window or event.window.id != self._own_window:
                return False
        elif event.type != X.PropertyNotify or event.window != self._root:
            return False
        elif event.atom == self._active:
            return True
        elif event.atom != self._check:
            return False
        self._own_window = 0
        return True

    def is_there(self) -> bool:
        """Tell whether a window manager that names the active window runs."""
        try:
            # The end of its window is reported.
            return bool(self._own_window) or self._is_found()
        except GONE:
            return False

    def _is_found(self) -> bool:
        named = number(self._root, self._check)
        if not named:
            return False
        own = self._display.create_resource_object("window", named)
        # Asked for first: what happens to the window after the answer is reported.
        own.change_attributes(event_mask=X.StructureNotifyMask)
        if number(own, self._check) != named:
            return False
        if self._root.get_property(self._active, X.AnyPropertyType, 0, 1) is None:
            return False
        self._own_window = named
        return True

    def active(self) -> int:
        """Return the window that it names as the active one, 0 for none."""
        named = number(self._root, self._active)
        return 0 if named == self._root.id else named
