"""Texts in the form in which the privacy rules compare them. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# At most this much of a letter that stands for a phrase (U+FDFA is one of 18 letters): checking
# a text must not take many times longer because it consists of such letters.
_MOST_OF_A_LETTER = 4
_MOST_KNOWN = 10_000
# More marks than this on one letter are no writing (Unicode Standard Annex 15, stream-safe text),
# and sorting n of them takes n squared steps.
_MOST_MARKS = 30


class _Letters(dict[int, str]):
    """What each letter becomes in a text, computed when it is first met."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[code] = found = self._of(chr(code))
        return found


def _plain_letter(letter: str) -> str:
    parts = unicodedata.normalize("NFKD", letter)[:_MOST_OF_A_LETTER]
    kept = "".join(part for part in parts if unicodedata.category(part) not in ("Cf", "Mn"))
    return " " if kept.isspace() else kept.lower()


def _seen_letter(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter) == "Cf" else letter


_PLAIN, _SEEN = _Letters(_plain_letter), _Letters(_seen_letter)


def plain(text: str) -> str:
    """Return `text` without what can differ between two spellings of the same words.

    No invisible letters (Edge has one in its name), no accents, full-width
    brackets as plain ones, lower case, single blanks.
    """
    return " ".join(text.translate(_PLAIN).split())


def as_seen(text: str) -> str:
    """Return `text` as a person sees and would type it: nothing invisible, every blank plain.

    Edge and WhatsApp have invisible letters in their names, French and Japanese titles wide blanks.
    """
    seen = text.translate(_SEEN)
    return seen if seen.isascii() else unicodedata.normalize("NFC", "".join(_readable(seen)))


def _readable(text: str) -> Iterator[str]:
    """Yield the letters of `text` without the excess marks on one letter."""
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks <= _MOST_MARKS:
            yield letter


def plain_application(name: str) -> str:
    """Return the bare name: without ``.exe``, and ``org.keepassxc.KeePassXC`` by its last part."""
    bare = plain(name).removesuffix(".exe").removesuffix(".appimage")
    if bare.count(".") > 1 and " " not in bare:
        bare = bare.removesuffix(".application").removesuffix(".desktop").rpartition(".")[2]
    # A snap's class has the name twice: firefox_firefox.
    first, _underscore, second = bare.partition("_")
    return first if first == second else bare


def any_of(*phrases: str) -> str:
    """Return an expression for any of `phrases`, made plain; blanks may be missing (as in CJK)."""
    # Longest first, so that a shorter one never stops halfway.
    longest_first = sorted((plain(phrase) for phrase in phrases), key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", " ?") for phrase in longest_first)
