"""What an X11 window calls itself: its title and its class, in whatever encoding."""

from contextlib import suppress
from typing import Any

from Xlib import X, Xatom

from reprospective_tray.monitor.observation import TITLE_LIMIT

# python-xlib counts property lengths in units of 32 bits; a character takes up to 4 bytes.
_TITLE_UNITS = TITLE_LIMIT
# Properties of text are lists of 8-bit units.
_TEXT_FORMAT = 8
# Compound text (X Consortium Standard) marks UTF-8 parts, and names the sets of ISO 2022
# in a longer way than Python's codec does.
_COMPOUND_SETS = {
    b"\x1b%G": b"",
    b"\x1b%@": b"",
    b"\x1b$(A": b"\x1b$A",
    b"\x1b$(B": b"\x1b$B",
}


class WindowTexts:
    """Reads the texts of one display's windows."""

    def __init__(self, display: Any) -> None:
        """Ask `display` for the numbers of the properties' names."""
        self._net_name = display.intern_atom("_NET_WM_NAME")
        self._compound_text = display.intern_atom("COMPOUND_TEXT")
        # A change of one of these may be another title or name.
        self.atoms = frozenset({self._net_name, Xatom.WM_NAME, Xatom.WM_CLASS})

    def title(self, window: Any) -> str:
        """Return the title, as EWMH or as ICCCM has it; ``''`` where there is none."""
        for atom in (self._net_name, Xatom.WM_NAME):
            found = window.get_property(atom, X.AnyPropertyType, 0, _TITLE_UNITS)
            if found is not None and found.format == _TEXT_FORMAT and found.value:
                return self._decode(found.property_type, bytes(found.value))
        return ""

    def class_name(self, window: Any) -> str:
        """Return the class, or the instance's name where there is no class."""
        found = window.get_property(Xatom.WM_CLASS, X.AnyPropertyType, 0, _TITLE_UNITS)
        if found is None or found.format != _TEXT_FORMAT:
            return ""
        parts = bytes(found.value).split(b"\0")
        return _utf8_or_latin1(next(filter(None, (*parts[1:2], *parts[:1])), b""))

    def _decode(self, kind: int, raw: bytes) -> str:
        raw = raw.split(b"\0", 1)[0]
        if kind == Xatom.STRING:
            return raw.decode("latin-1")
        if kind == self._compound_text:
            return _compound_text(raw)
        return raw.decode("utf-8", "replace")


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
