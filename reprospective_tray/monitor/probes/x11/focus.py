"""The window with the keyboard focus, if no window manager names the active one."""

from typing import Any

from Xlib import X

from reprospective_tray.monitor.probes.x11.text import WindowTexts
from reprospective_tray.monitor.probes.x11.window_manager import GONE

# Windows are nested a few levels deep; a window manager adds one or two.
_DEEPEST = 32


class Focus:
    """Finds the top-level window of what has the keyboard focus."""

    def __init__(self, display: Any, texts: WindowTexts) -> None:
        """Use `display`; `texts` reads the names of windows."""
        self._display = display
        self._root = display.screen().root
        self._texts = texts
        self._state = display.intern_atom("WM_STATE")

    def window(self) -> int:
        """Return the number of the window, 0 for none.

        A part of a window can have the focus: Java gives it to one called FocusProxy.
        """
        try:
            inner = self._display.get_input_focus().focus
            if inner == X.PointerRoot:
                inner = self._under_pointer()
            return 0 if isinstance(inner, int) else self._top_level(inner)
        except GONE:
            return 0

    def _under_pointer(self) -> Any:
        """Return the innermost window under the pointer, 0 for none."""
        window: Any = X.NONE
        below = self._root.query_pointer().child
        for _depth in range(_DEEPEST):
            if isinstance(below, int):
                break
            window, below = below, below.query_pointer().child
        return window

    def _top_level(self, window: Any) -> int:
        """Return the program's own outermost window around `window`, 0 if it has none.

        A window manager marks it (ICCCM 4.1.3.1); without one it is the outermost with a class.
        The frames that a window manager puts around it have neither.
        """
        with_state = with_class = 0
        for _depth in range(_DEEPEST):
            if isinstance(window, int) or window == self._root:
                break
            if window.get_property(self._state, X.AnyPropertyType, 0, 1) is not None:
                with_state = int(window.id)
            if self._texts.class_name(window):
                with_class = int(window.id)
            window = window.query_tree().parent
        return with_state or with_class
