"""Finds what browsers put at the end of a private window's title, in all their languages. Pure.

Only letters are compared: brackets, quotation marks, blanks, kinds of dashes and marks of
direction differ between versions and systems. A dash next to a blank ends the page's title.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprospective_tray.monitor.privacy.plain_text import plain
from reprospective_tray.monitor.privacy.private_titles import CHROMIUM, FIREFOX, FIREFOX_BEFORE

if TYPE_CHECKING:
    from collections.abc import Iterable

# No ending is longer; what comes before it does not matter.
_LONGEST = 200
# The longest one has this many parts: name and mode, with a profile in between (Edge).
_MOST_PARTS = 3
_DASHES = "-\N{HYPHEN}\N{EN DASH}\N{EM DASH}"
_SEPARATOR = re.compile(rf" [{_DASHES}]+ ?|[\N{{EN DASH}}\N{{EM DASH}}] ?")
_NO_LETTER = re.compile(r"[^\w{}]+")
_EDGE = re.compile(r"microsoftedge(?:beta|dev|canary)?$")
_IN_PRIVATE = "inprivate"


def parts_of(title: str) -> list[str]:
    """Return the last parts of a title in plain text: the letters between its dashes."""
    parts = _SEPARATOR.split(title[-_LONGEST:])
    if len(title) > _LONGEST:
        parts = parts[1:]
    return [_letters(part) for part in parts]


def is_firefox_private(title: str, names: Iterable[str]) -> bool:
    """Tell whether `title`, in plain text, ends like a private one of Firefox under one of `names`.

    It does not if the name is missing, as on macOS: see `is_private_alone`.
    """
    parts = [_with_name(part, names) for part in parts_of(title)[-_MOST_PARTS:]]
    if any("|".join(parts[-count:]) in _FIREFOX for count in range(1, _MOST_PARTS + 1)):
        return True
    return title.startswith(_FIREFOX_BEFORE) and bool(parts) and "{}" in parts[-1]


def is_private_alone(title: str) -> bool:
    """Tell whether the last part of `title`, in plain text, is Firefox's name of the mode."""
    return bool(parts := parts_of(title)) and parts[-1] in _FIREFOX_ALONE


def is_incognito(title: str, names: Iterable[str]) -> bool:
    """Tell whether `title`, in plain text, ends like a private one of a Chromium named `names`."""
    return _with_name(_parts_at_colons(title)[-1], names) in _CHROMIUM


def is_edge_private(title: str) -> bool:
    """Tell whether `title`, in plain text, ends like a private one of Edge.

    The mode is called InPrivate in every language; Catalan uses a colon instead of the dash.
    """
    parts = parts_of(title)[-_MOST_PARTS:]
    if not parts or not _EDGE.search(parts[-1]):
        return False
    _page, mode, behind = title[-_LONGEST:].rpartition(f"[{_IN_PRIVATE}]")
    return _IN_PRIVATE in parts or bool(mode and _EDGE.fullmatch(_letters(behind)))


def is_empty_private_tab(title: str, names: Iterable[str]) -> bool:
    """Tell whether all of `title`, in plain text, is Chromium's empty private tab."""
    first, *rest = _parts_at_colons(title)
    return first in _EMPTY_TABS and [_with_name(part, names) for part in rest] in ([], ["{}"])


def _parts_at_colons(title: str) -> list[str]:
    """Return the last parts of a title, at least one; Catalan uses a colon for Chromium's dash."""
    return parts_of(title.replace(": ", " - ")) or [""]


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text)


def _with_name(part: str, names: Iterable[str]) -> str:
    """Return the letters of `part` with ``{}`` for the name of the browser."""
    found = next((name for name in names if name in part), "")
    return part.replace(found, "{}") if found else part


def names_of(*browsers: str) -> tuple[str, ...]:
    """Return names in the form that the functions here take, longest first."""
    return tuple(sorted((_letters(plain(each)) for each in browsers), key=len, reverse=True))


def _endings(wordings: Iterable[str]) -> frozenset[str]:
    return frozenset("|".join(parts_of(plain(wording))) for wording in wordings)


_ALL = [wording for language in FIREFOX.values() for wording in language]
_FIREFOX = _endings(wording for wording in _ALL if "{}" in wording)
_FIREFOX_ALONE = _endings(wording for wording in _ALL if "{}" not in wording)
_FIREFOX_BEFORE = tuple(plain(wording) + " " for wording in FIREFOX_BEFORE)
_CHROMIUM = frozenset("{}" + _letters(plain(mode)) for mode, _tab in CHROMIUM.values())
_EMPTY_TABS = _endings(tab for _mode, tab in CHROMIUM.values()) - {""}
