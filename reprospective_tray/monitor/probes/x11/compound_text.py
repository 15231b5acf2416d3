"""Compound Text, which old programs use for their titles (X Consortium Standard, version 1.1).

Escape sequences choose character sets (ISO 2022): one for the bytes of the left half (0x20 to
0x7F), one for those of the right half (0xA0 to 0xFF). There are also segments of UTF-8 and of
named encodings. Libraries write sequences beyond the standard, too.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass

from reprospective_tray.monitor.probes.x11 import cns11643

_ESCAPE, _STX = b"\x1b", b"\x02"
_CNS = "CNS 11643"
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
# A sequence that chooses a set; the start of a UTF-8 or a named segment; a mark of direction.
_SEQUENCE = re.compile(rb"\x1b[\x20-\x2f]+[\x30-\x7e]?|\x9b[\x30-\x3f]*\x5d?|\x1b")
_LEFT = re.compile(rb"[\x00-\x7f]+")
_END_OF_UTF8 = b"\x1b%@"
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class _Set:
    """One character set: Python's codec for it, and how its bytes are written for that codec.

    `size` is the number of bytes of a character; each gets its high bit if `is_right`, else loses
    it, and the character gets the bytes `before`. `replaced` are its letters that differ from
    ASCII, and `plane` is one of CNS 11643.
    """

    codec: str
    size: int = 1
    is_right: bool = False
    before: bytes = b""
    replaced: tuple[tuple[int, str], ...] = ()
    plane: int = 0

    def decode(self, raw: bytes) -> str:
        """Return the text of `raw`, which has bytes of one half only."""
        if self.codec == _CNS:
            return cns11643.decode(self.plane, raw)
        fitted = bytes(byte | 0x80 if self.is_right else byte & 0x7F for byte in raw)
        if self.size > 1 or self.before:
            characters = [fitted[at : at + self.size] for at in range(0, len(fitted), self.size)]
            fitted = b"".join(self.before + each for each in characters)
        text = codecs.decode(fitted, self.codec, "replace")
        return text.translate(dict(self.replaced)) if self.replaced else text


_ASCII = _Set("ascii")
_UNKNOWN_SET = _Set("ascii", is_right=True)
_YEN_AND_OVERLINE = ((0x5C, "\N{YEN SIGN}"), (0x7E, "\N{OVERLINE}"))
_SETS_OF_94 = {
    b"B": _ASCII,
    b"J": _Set("ascii", replaced=_YEN_AND_OVERLINE),
    b"I": _Set("shift_jis", is_right=True),
}
_PARTS_OF_ISO_8859 = {
    b"A": 1,
    b"B": 2,
    b"C": 3,
    b"D": 4,
    b"L": 5,
    b"G": 6,
    b"F": 7,
    b"H": 8,
    b"M": 9,
}
_PARTS_OF_ISO_8859 |= {b"V": 10, b"Y": 13, b"_": 14, b"b": 15, b"f": 16, b"T": 11}
_SETS_OF_96 = {
    final: _Set(f"iso8859_{part}", is_right=True) for final, part in _PARTS_OF_ISO_8859.items()
}
_SETS_OF_94_SQUARED = {
    b"@": _Set("euc_jp", 2, is_right=True),
    b"A": _Set("gb2312", 2, is_right=True),
    b"B": _Set("euc_jp", 2, is_right=True),
    b"C": _Set("cp949", 2, is_right=True),  # euc_kr has no Hangul filler
    b"D": _Set("euc_jp", 2, is_right=True, before=b"\x8f"),
    **{bytes([ord("F") + plane]): _Set(_CNS, 2, plane=plane) for plane in range(1, 8)},
}
_CNS_NAME = re.compile(r"cns11643\.\d{4}-(\d{1,2})")
# Names of encodings in extended segments as X writes them, which Python knows by other names.
_CODECS = {
    "iso10646-1": "utf_16_be",
    "big5-0": "big5",
    "big5-1": "big5",
    "big5hkscs-0": "big5hkscs",
    "gbk-0": "gbk",
    "gb18030.2000-0": "gb18030",
    "gb18030-0": "gb18030",
    "koi8-c": "koi8_r",
    "tis620-0": "tis_620",
    "tis620.2533-1": "tis_620",
    "microsoft-cp1250": "cp1250",
    "microsoft-cp1251": "cp1251",
    "microsoft-cp1252": "cp1252",
    "microsoft-cp1255": "cp1255",
    "microsoft-cp1256": "cp1256",
    "ksc5601.1987-0": "cp949",
    "ksc5601.1992-3": "johab",
    "jisx0213.2000-0": "euc_jisx0213",
}


def decode(raw: bytes) -> str:
    """Return the text of `raw`; what is not Compound Text becomes U+FFFD. Never raises.

    Without escapes it may be UTF-8: some programs write that, whatever type they declare.
    """
    if _ESCAPE not in raw:
        with suppress(UnicodeDecodeError):
            return raw.decode("utf-8")
    left, right = _ASCII, _SETS_OF_96[b"A"]
    text: list[str] = []
    at = 0
    while at < len(raw):
        found = _SEQUENCE.search(raw, at)
        if found is None:
            text.append(_plain(raw[at:], left, right))
            break
        if found.start() > at:
            text.append(_plain(raw[at : found.start()], left, right))
        sequence, at = found[0], found.end()
        if sequence == b"\x1b%G":
            end = raw.find(_END_OF_UTF8, at)
            end = len(raw) if end < 0 else end
            text.append(raw[at:end].decode("utf-8", "replace"))
            at = end + len(_END_OF_UTF8)
        elif sequence.startswith(b"\x1b%/"):
            segment, at = _extended(raw, at)
            text.append(segment)
        else:
            left, right = _chosen(sequence, left, right)
    return "".join(text)


def _chosen(sequence: bytes, left: _Set, right: _Set) -> tuple[_Set, _Set]:
    """Return the sets of both halves after `sequence`; an unknown one does not change them."""
    kind, final = sequence[1:-1], sequence[-1:]
    if kind == b"(":
        left = _SETS_OF_94.get(final, _UNKNOWN_SET)
    elif kind == b")":
        right = _SETS_OF_94.get(final, _UNKNOWN_SET)
    elif kind == b"-":
        right = _SETS_OF_96.get(final, _UNKNOWN_SET)
    elif kind in {b"$(", b"$"}:
        left = _SETS_OF_94_SQUARED.get(final, _UNKNOWN_SET)
    elif kind == b"$)":
        right = _SETS_OF_94_SQUARED.get(final, _UNKNOWN_SET)
    return left, right


def _plain(raw: bytes, left: _Set, right: _Set) -> str:
    """Return the text of bytes without sequences."""
    text, at = [], 0
    for found in _LEFT.finditer(raw):
        text += [_right(raw[at : found.start()], right), _left(found[0], left)]
        at = found.end()
    return "".join([*text, _right(raw[at:], right)])


def _right(raw: bytes, chosen: _Set) -> str:
    return chosen.decode(raw) if raw else ""


def _left(raw: bytes, chosen: _Set) -> str:
    if chosen.size == 1:
        return chosen.decode(raw)
    # Blanks and controls belong to no multi-byte set.
    parts = re.split(rb"([\x00-\x20\x7f]+)", raw)
    return "".join(
        part.decode("ascii") if number % 2 else chosen.decode(part)
        for number, part in enumerate(parts)
    )


def _extended(raw: bytes, at: int) -> tuple[str, int]:
    """Return the text of a named segment whose length is at `at`, and where it ends."""
    if len(raw) < at + 2:
        return _UNKNOWN, len(raw)
    length = (raw[at] & 0x7F) * 128 + (raw[at + 1] & 0x7F)
    end = at + 2 + length
    name, stx, content = raw[at + 2 : end].partition(_STX)
    if not stx or len(name) > _LONGEST_NAME:
        return _UNKNOWN, end
    known = name.decode("ascii", "replace").lower()
    if plane := _CNS_NAME.fullmatch(known):
        return cns11643.decode(int(plane[1]), content), end
    try:
        codec = codecs.lookup(_CODECS.get(known, known)).name
        return content.decode(codec, "replace"), end
    except (LookupError, ValueError):
        return _UNKNOWN, end
