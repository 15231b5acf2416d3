"""Words that occur nowhere else, and the search for them in the bytes of files and databases."""

import re
from collections.abc import Iterator
from pathlib import Path

# What every word begins with; letters alone, so that no format writes one in another way.
PREFIX = "qzx"
_IN_BYTES = re.compile(
    rb"(?:%s[a-z]*)|(?:%s(?:\0[a-z])*)" % (PREFIX.encode(), b"\0".join(re.findall(b".", b"qzx"))),
    re.IGNORECASE,
)


def marks(raw: bytes) -> set[str]:
    """Return the marked words in `raw`, in UTF-8 and UTF-16 of either order, in small letters."""
    return {found.replace(b"\0", b"").decode().lower() for found in _IN_BYTES.findall(raw)}


def marks_below(*places: Path) -> dict[str, set[Path]]:
    """Return the marked words in the names and bytes of files and of all files in folders."""
    found: dict[str, set[Path]] = {}
    for path in _files(*places):
        for mark in marks(path.read_bytes()) | marks(bytes(path)):
            found.setdefault(mark, set()).add(path)
    return found


def _files(*places: Path) -> Iterator[Path]:
    for place in places:
        yield from (path for path in (place, *place.rglob("*")) if path.is_file())
