"""The allowed lengths and times of a session, locally and on the server (CHECK in its schema).

Every row passes through `bounded` before it is written to a database.
"""

import unicodedata
from typing import Any

from reprospective_tray.store.model.sessions import DAY_MS

# Characters (code points). An index of the server holds names of up to 2,704 bytes in all.
LONGEST_NAME = 256
LONGEST_TITLE = 4096
# ms since the epoch, UTC: from 1970 to 2200, the last moment included.
EARLIEST_MS = 0
LATEST_MS = 7_258_118_400_000
LONGEST_MS = 366 * DAY_MS

ELLIPSIS = "…"
_LENGTHS = {
    "source_host": LONGEST_NAME,
    "application_name": LONGEST_NAME,
    "window_title": LONGEST_TITLE,
}
_JOINER = "\N{ZERO WIDTH JOINER}"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_FLAG_TAGS = range(0xE0020, 0xE0080)
_HANGUL_VOWELS_AND_FINALS = range(0x1160, 0x1200)


def bounded(row: dict[str, Any]) -> dict[str, Any]:
    """Return `row` limited to the bounds; the same object if it already is within them."""
    changes: dict[str, Any] = {
        name: shortened(row[name], longest)
        for name, longest in _LENGTHS.items()
        if len(row[name]) > longest
    }
    start, end = row["started_at"], row["ended_at"]
    if start < EARLIEST_MS or end > LATEST_MS or end - start > LONGEST_MS:
        start = min(max(start, EARLIEST_MS), LATEST_MS)
        end = max(start, min(end, LATEST_MS, start + LONGEST_MS))
        changes |= {"started_at": start, "ended_at": end}
    return row | changes if changes else row


def shortened(text: str, longest: int) -> str:
    """Return `text` limited to `longest` characters; cut between graphemes and ended with "…"."""
    if len(text) <= longest:
        return text
    cut = longest - len(ELLIPSIS)
    while cut and _belongs_to_the_one_before(text, cut):
        cut -= 1
    # If the whole text is one grapheme, cut inside it.
    return text[: cut or longest - len(ELLIPSIS)] + ELLIPSIS


def _belongs_to_the_one_before(text: str, at: int) -> bool:
    """Return whether the character at `at` continues the grapheme before it.

    A subset of UAX #29 for window titles: accents, emoji, flags, Korean letters, line ends.
    """
    before, this = text[at - 1], text[at]
    code = ord(this)
    if unicodedata.category(this) in ("Mn", "Me", "Mc") or _JOINER in (this, before):
        return True
    if code in _SKIN_TONES or code in _FLAG_TAGS or code in _HANGUL_VOWELS_AND_FINALS:
        return True
    if code in _FLAG_LETTERS:
        first = at
        while first and ord(text[first - 1]) in _FLAG_LETTERS:
            first -= 1
        return (at - first) % 2 == 1
    return before == "\r" and this == "\n"
