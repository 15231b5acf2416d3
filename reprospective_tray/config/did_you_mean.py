"""The question "Did you mean …?" for a word that nobody knows but that is nearly a known one."""

from collections.abc import Iterable

from reprospective_tray.messages import _


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that `word` is nearly, in any case; None where there is none.

    Dashes in front do not count, and ``_`` is as good as ``-``.
    """
    from difflib import SequenceMatcher, get_close_matches

    plain, wanted = {_plain(name): name for name in names}, _plain(word)

    def likeness(name: str) -> tuple[bool, float, bool]:
        # Letters in another order are the likeliest mistake; one in front the least likely.
        is_exchanged = sorted(name) == sorted(wanted)
        return is_exchanged, SequenceMatcher(None, name, wanted).ratio(), name[:1] == wanted[:1]

    found = get_close_matches(wanted, plain, n=len(plain) or 1)
    return plain[max(found, key=likeness)] if found else None


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return the question that offers the nearest of `names`; empty where none is near."""
    name = nearest(word, names)
    return question(name) if name else ""


def question(name: str) -> str:
    """Return the question that offers `name`."""
    return _("Did you mean {name}?").format(name=name)


def _plain(word: str) -> str:
    return word.lstrip("-").casefold().replace("_", "-")
