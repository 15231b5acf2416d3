"""Decodes the Chinese characters of CNS 11643, which Python has no codec for, with iconv."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_LARGEST_PLANE = 15
# A character takes four bytes in EUC-TW, and at most four in UTF-8.
_SIZE = 4


def decode(plane: int, raw: bytes) -> str:
    """Return the text of `raw`, two bytes a character of `plane`; U+FFFD for what is unknown."""
    pairs = [raw[at : at + 2] for at in range(0, len(raw), 2)]
    if not 1 <= plane <= _LARGEST_PLANE or _library() is None:
        return _UNKNOWN * len(pairs)
    whole = _convert(b"".join(_euc(plane, pair) for pair in pairs))
    if whole is not None:
        return whole
    return "".join(_convert(_euc(plane, pair)) or _UNKNOWN for pair in pairs)


def _euc(plane: int, pair: bytes) -> bytes:
    return bytes((0x8E, 0xA0 + plane, *(byte | 0x80 for byte in pair)))


@cache
def _library() -> tuple[Any, ctypes.c_void_p] | None:
    """Return the C library and its converter; None if there is none, as on Windows."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    if not hasattr(library, "iconv_open"):
        return None
    library.iconv_open.restype = ctypes.c_void_p
    library.iconv.restype = ctypes.c_size_t
    converter = ctypes.c_void_p(library.iconv_open(b"UTF-8", b"EUC-TW"))
    return None if converter.value == ctypes.c_void_p(-1).value else (library, converter)


def _convert(raw: bytes) -> str | None:
    found = _library()
    assert found is not None
    library, converter = found
    library.iconv(converter, None, None, None, None)  # discards what was left unfinished
    source = ctypes.create_string_buffer(raw, len(raw))
    target = ctypes.create_string_buffer(len(raw) + _SIZE)
    places = [ctypes.c_void_p(ctypes.addressof(each)) for each in (source, target)]
    left = [ctypes.c_size_t(len(each)) for each in (source, target)]
    pointers = [ctypes.byref(each) for pair in zip(places, left, strict=True) for each in pair]
    refused = library.iconv(converter, *pointers) == ctypes.c_size_t(-1).value
    source_left, target_left = left
    if refused or source_left.value:
        return None
    return target.raw[: len(target) - target_left.value].decode("utf-8", "replace")
