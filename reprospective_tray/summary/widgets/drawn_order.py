"""Puts a text into the order in which Tk draws it: each letter to the right of the one before.

On X11, Tk 8.6 knows no writing from the right, joins no Arabic letters, and has no place for the
points of a letter.
"""

import re
from functools import lru_cache

# Hebrew, Arabic and their neighbours (Syriac, Thaana, N'Ko …), and the forms of their letters.
_FROM_THE_RIGHT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_HEBREW_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")


@lru_cache(maxsize=4096)
def drawn_order(text: str, whole: str = "") -> str:
    """Return `text`, one line, with its letters from left to right as they are to be seen.

    Where it is a part of a `whole`, that says from which side it begins.
    """
    whole = whole or text
    if whole.isascii() or not _FROM_THE_RIGHT.search(whole):
        return text
    # Megabytes and a moment, which only those pay whose titles need them. What `bidi` itself has,
    # in Rust, turns no brackets.
    from arabic_reshaper import reshape
    from bidi.algorithm import get_base_level, get_display

    joined = reshape(_HEBREW_POINTS.sub("", text))
    return str(get_display(joined, base_dir="LR"[get_base_level(whole)]))
