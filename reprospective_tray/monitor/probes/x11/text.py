"""The names of an X11 window: its title and its class, in any encoding."""

from typing import Any

from Xlib import X, Xatom
from Xlib.protocol import request

from reprospective_tray.monitor.observation import TITLE_LIMIT
from reprospective_tray.monitor.probes.x11 import compound_text

# python-xlib counts property lengths in units of 32 bits; a character takes up to 4 bytes.
_TITLE_UNITS = TITLE_LIMIT
# Text properties are lists of 8-bit units.
_TEXT_UNIT = 8
_ESCAPE = b"\x1b"
# The end of a longer title is read as well: there browsers mark a window as private.
_END_UNITS = 256
_UNIT_BYTES = 4


class Property:
    """A requested property of a window: several are answered in one round trip.

    Each of them takes a moment of the X server's time, and of this thread's if many run.
    """

    def __init__(self, display: Any, window: Any, atom: int, units: int = _TITLE_UNITS) -> None:
        """Ask for `units` of 32 bits at most; does not wait."""
        self._asked = request.GetProperty(
            display=display.display,
            defer=True,
            delete=False,
            window=window.id,
            property=atom,
            type=X.AnyPropertyType,
            long_offset=0,
            long_length=units,
        )

    def read(self, unit: int) -> tuple[int, Any]:
        """Return type and value, once they are answered; no value if it has other units.

        Args:
            unit: The number of bits of each.

        Raises:
            Xlib.error.BadWindow: the window is gone.
        """
        self._asked.reply()
        found, value = self._asked.value or (0, None)
        return self._asked.property_type, value if found == unit else None

    @property
    def bytes_left(self) -> int:
        """How many bytes follow those that were requested, once it is read."""
        return int(self._asked.bytes_after)


class WindowTexts:
    """Reads the texts of one display's windows."""

    def __init__(self, display: Any) -> None:
        """Ask `display` for the numbers of the properties' names."""
        self._display = display
        self._net_name = display.intern_atom("_NET_WM_NAME")
        self._utf8 = display.intern_atom("UTF8_STRING")
        self._compound_text = display.intern_atom("COMPOUND_TEXT")
        # A change of one of these may mean another title or name.
        self.atoms = frozenset({self._net_name, Xatom.WM_NAME, Xatom.WM_CLASS})

    def read(self, window: Any) -> tuple[str, str]:
        """Return class name and title.

        The title is from EWMH or else ICCCM; ``''`` if there is none.
        """
        atoms = self._net_name, Xatom.WM_NAME
        asked_class = Property(self._display, window, Xatom.WM_CLASS)
        asked = [Property(self._display, window, atom) for atom in atoms]
        _kind, name = asked_class.read(_TEXT_UNIT)
        title = ""
        for atom, one in zip(atoms, asked, strict=True):
            kind, raw = one.read(_TEXT_UNIT)
            if raw and not title:
                title = self._decode(kind, bytes(raw))
                if one.bytes_left and kind == self._utf8:
                    title += self._end(window, atom, len(raw) + one.bytes_left)
        return _class_name(name), title

    def class_name(self, window: Any) -> str:
        """Return the class, or the instance's name if there is no class."""
        return _class_name(Property(self._display, window, Xatom.WM_CLASS).read(_TEXT_UNIT)[1])

    def _end(self, window: Any, atom: int, size: int) -> str:
        """Return the end of a title of `size` bytes, of which the beginning was read."""
        offset = max(size // _UNIT_BYTES - _END_UNITS, _TITLE_UNITS)
        found = window.get_property(atom, X.AnyPropertyType, offset, _END_UNITS + 1)
        if found is None or found.format != _TEXT_UNIT:
            return ""
        return bytes(found.value).decode("utf-8", "ignore")

    def _decode(self, kind: int, raw: bytes) -> str:
        raw = raw.split(b"\0", 1)[0]
        if kind == self._utf8:
            return raw.decode("utf-8", "replace")
        # Programs write UTF-8 whatever type they declare; only Compound Text has escapes.
        if _ESCAPE in raw or kind == self._compound_text:
            return compound_text.decode(raw)
        return _utf8_or_latin1(raw)


def _class_name(raw: Any) -> str:
    parts = bytes(raw or b"").split(b"\0")
    return _utf8_or_latin1(next(filter(None, (*parts[1:2], *parts[:1])), b""))


def _utf8_or_latin1(raw: bytes) -> str:
    """Return a name that many programs write as UTF-8, whatever type they declare."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
