"""The question "Did you mean …?" for an unknown word that resembles a known one."""

from collections.abc import Iterable

from reprospective_tray.messages import _


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that is most similar to `word`; None if none is similar.

    Case and leading dashes are ignored, and ``_`` equals ``-``.
    """
    from difflib import SequenceMatcher, get_close_matches

    plain, wanted = {_plain(name): name for name in names}, _plain(word)

    def likeness(name: str) -> tuple[bool, float, bool]:
        # Transposed letters are the most likely mistake, a wrong first letter the least likely.
        is_exchanged = sorted(name) == sorted(wanted)
        return is_exchanged, SequenceMatcher(None, name, wanted).ratio(), name[:1] == wanted[:1]

    found = get_close_matches(wanted, plain, n=len(plain) or 1)
    return plain[max(found, key=likeness)] if found else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return the question that offers the nearest of `names`; empty if none is similar."""
    name = nearest(word, names)
    return question(name) if name else ""


def question(name: str) -> str:
    """Return the question that offers `name`."""
    return _("Did you mean {name}?").format(name=name)


def _plain(word: str) -> str:
    return word.lstrip("-").casefold().replace("_", "-")
