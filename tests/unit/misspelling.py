"""Words as people mistype them, and how to tell that a sentence is Japanese."""

import re
from collections.abc import Iterator

KANA = re.compile(r"[\u3040-\u30ff]")


def misspelt(word: str) -> Iterator[str]:
    """Return `word` with two letters exchanged and with one left out."""
    at = next(n for n in range(1, len(word) - 2) if word[n] != word[n + 1])
    yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    yield word[:at] + word[at + 1 :]
