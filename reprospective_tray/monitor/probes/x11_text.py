"""What an X11 window calls itself: its title and its class, in whatever encoding."""

from typing import Any

from Xlib import X, Xatom

from reprospective_tray.monitor.observation import TITLE_LIMIT
from reprospective_tray.monitor.probes import compound_text

# python-xlib counts property lengths in units of 32 bits; a character takes up to 4 bytes.
_TITLE_UNITS = TITLE_LIMIT
_ESCAPE = b"\x1b"
# Properties of text are lists of 8-bit units.
_TEXT_FORMAT = 8
# Of a longer title the end is read as well: browsers tell there that a window is private.
_END_UNITS = 256
_UNIT_BYTES = 4


class WindowTexts:
    """Reads the texts of one display's windows."""

    def __init__(self, display: Any) -> None:
        """Ask `display` for the numbers of the properties' names."""
        self._net_name = display.intern_atom("_NET_WM_NAME")
        self._utf8 = display.intern_atom("UTF8_STRING")
        self._compound_text = display.intern_atom("COMPOUND_TEXT")
        # A change of one of these may be another title or name.
        self.atoms = frozenset({self._net_name, Xatom.WM_NAME, Xatom.WM_CLASS})

    def title(self, window: Any) -> str:
        """Return the title, as EWMH or as ICCCM has it; ``''`` where there is none."""
        for atom in (self._net_name, Xatom.WM_NAME):
            found = window.get_property(atom, X.AnyPropertyType, 0, _TITLE_UNITS)
            if found is not None and found.format == _TEXT_FORMAT and found.value:
                text = self._decode(found.property_type, bytes(found.value))
                return text + self._end(window, atom, found) if found.bytes_after else text
        return ""

    def class_name(self, window: Any) -> str:
        """Return the class, or the instance's name where there is no class."""
        found = window.get_property(Xatom.WM_CLASS, X.AnyPropertyType, 0, _TITLE_UNITS)
        if found is None or found.format != _TEXT_FORMAT:
            return ""
        parts = bytes(found.value).split(b"\0")
        return _utf8_or_latin1(next(filter(None, (*parts[1:2], *parts[:1])), b""))

    def _end(self, window: Any, atom: int, start: Any) -> str:
        """Return the end of a title that is longer than what was read of it."""
        size = len(start.value) + start.bytes_after
        offset = max(size // _UNIT_BYTES - _END_UNITS, _TITLE_UNITS)
        found = window.get_property(atom, X.AnyPropertyType, offset, _END_UNITS + 1)
        if found is None or found.format != _TEXT_FORMAT or start.property_type != self._utf8:
            return ""
        return bytes(found.value).decode("utf-8", "ignore")

    def _decode(self, kind: int, raw: bytes) -> str:
        raw = raw.split(b"\0", 1)[0]
        if kind == self._utf8:
            return raw.decode("utf-8", "replace")
        # Programs write UTF-8 whatever type they say it has; escapes are of Compound Text alone.
        if _ESCAPE in raw or kind == self._compound_text:
            return compound_text.decode(raw)
        return _utf8_or_latin1(raw)


def _utf8_or_latin1(raw: bytes) -> str:
    """Return a name that many programs write as UTF-8, whatever type they say it has."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
