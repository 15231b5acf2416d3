"""Texts in the forms in which the privacy rules compare them. Pure."""

from __future__ import annotations

import re
import unicodedata


def plain(text: str) -> str:
    """Return `text` without what may differ between two writings of the same words.

    No invisible letters (Edge has one in its name), no accents, full-width
    brackets as plain ones, lower case, single blanks.
    """
    text = unicodedata.normalize("NFKD", text)
    text = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cf", "Mn"))
    return " ".join(text.lower().split())


def as_seen(text: str) -> str:
    """Return `text` as a person sees and would type it: nothing invisible, every blank plain.

    Edge and WhatsApp have invisible letters in their names, French and Japanese titles wide blanks.
    """
    letters = (letter for letter in text if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", "".join(" " if one.isspace() else one for one in letters))


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
    # The longest first, so that a shorter one never stops halfway.
    longest_first = sorted((plain(phrase) for phrase in phrases), key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", " ?") for phrase in longest_first)
