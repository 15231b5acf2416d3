"""What an X11 window calls itself: its title and its class, in whatever encoding."""

from contextlib import suppress
from typing import Any

from Xlib import X, Xatom
from Xlib.protocol import request

from reprospective_tray.monitor.observation import TITLE_LIMIT

# python-xlib counts property lengths in units of 32 bits; a character takes up to 4 bytes.
_TITLE_UNITS = TITLE_LIMIT
# Properties of text are lists of 8-bit units.
_TEXT_UNIT = 8
# Compound text (X Consortium Standard) marks UTF-8 parts, and names the sets of ISO 2022
# in a longer way than Python's codec does.
_COMPOUND_SETS = {
    b"\x1b%G": b"",
    b"\x1b%@": b"",
    b"\x1b$(A": b"\x1b$A",
    b"\x1b$(B": b"\x1b$B",
}


class Property:
    """A property of a window that is asked for: several are answered in one round trip.

    Every one of them costs a moment of the X server's, and of this thread's, where many run.
    """

    def __init__(self, display: Any, window: Any, atom: int, units: int = _TITLE_UNITS) -> None:
        """Ask for `units` of 32 bits at most; waits for nothing."""
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
        """Return type and value, once they are answered; no value where it has other units.

        Args:
            unit: How many bits each has.

        Raises:
            Xlib.error.BadWindow: the window is gone.
        """
        self._asked.reply()
        found, value = self._asked.value or (0, None)
        return self._asked.property_type, value if found == unit else None


class WindowTexts:
    """Reads the texts of one display's windows."""

    def __init__(self, display: Any) -> None:
        """Ask `display` for the numbers of the properties' names."""
        self._display = display
        self._net_name = display.intern_atom("_NET_WM_NAME")
        self._compound_text = display.intern_atom("COMPOUND_TEXT")
        # A change of one of these may be another title or name.
        self.atoms = frozenset({self._net_name, Xatom.WM_NAME, Xatom.WM_CLASS})

    def read(self, window: Any) -> tuple[str, str]:
        """Return class name and title.

        The title is as EWMH or as ICCCM has it; ``''`` where there is none.
        """
        asked = [
            Property(self._display, window, atom)
            for atom in (Xatom.WM_CLASS, self._net_name, Xatom.WM_NAME)
        ]
        name, *titles = (one.read(_TEXT_UNIT) for one in asked)
        title = next((self._decode(kind, bytes(raw)) for kind, raw in titles if raw), "")
        return _class_name(name[1]), title

    def class_name(self, window: Any) -> str:
        """Return the class, or the instance's name where there is no class."""
        return _class_name(Property(self._display, window, Xatom.WM_CLASS).read(_TEXT_UNIT)[1])

    def _decode(self, kind: int, raw: bytes) -> str:
        raw = raw.split(b"\0", 1)[0]
        if kind == Xatom.STRING:
            return raw.decode("latin-1")
        if kind == self._compound_text:
            return _compound_text(raw)
        return raw.decode("utf-8", "replace")


def _class_name(raw: Any) -> str:
    parts = bytes(raw or b"").split(b"\0")
    return _utf8_or_latin1(next(filter(None, (*parts[1:2], *parts[:1])), b""))


def _utf8_or_latin1(raw: bytes) -> str:
    """Return a name that many programs write as UTF-8, whatever type they say it has."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _compound_text(raw: bytes) -> str:
    """Return the text of an old program's title, as far as Python knows its character sets."""
    for begin, same in _COMPOUND_SETS.items():
        raw = raw.replace(begin, same)
    for encoding in ("utf-8", "iso2022_jp_2", "latin-1"):
        with suppress(UnicodeDecodeError):
            text = raw.decode(encoding)
            if "\x1b" not in text:
                return text
    return raw.decode("latin-1").replace("\x1b", "")
