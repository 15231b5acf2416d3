"""When two titles are equal: changing counters, spinners and percentages create no session.

Only bracketed counters at either end, spinner characters and percentages are
normalised away, never a bare number; and only for comparing. It also limits how often a
window can change its title: beyond that, changes create no session either.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from reprospective_tray.config.patterns import compile_pattern
from reprospective_tray.store.model.sessions import MINUTE_MS

# ASCII, full-width and lenticular brackets; a space, no-break or narrow, can group digits.
_OPENING, _CLOSING = r"[(\[{\uff08\u3010\uff3b]", r"[)\]}\uff09\u3011\uff3d]"
# No backtracking (*+, ?+): a title of "(1" and thousands of blanks would take long.
_COUNTER = rf"{_OPENING}\s*+\d[\d., \u00a0\u202f]*+\+?+(?:\s*+/\s*+\d[\d.,]*+)?+\s*+{_CLOSING}"
_NOISE = {
    "counters": re.compile(rf"^\s*+{_COUNTER}|{_COUNTER}\s*+$"),
    # Braille, quarter circles, clock-like and growing blocks, stars of terminal programs;
    # the ASCII spinner only if it stands alone in front.
    "spinners": re.compile(
        "[\u2800-\u28ff\u25d0-\u25d3\u25f4-\u25f7\u25dc-\u25df\u2596-\u259f\u2581-\u258f"
        "\u2722\u2733\u2736\u273b\u273d\u2738\u2739\u273a\u231b\u23f3]|^\\s*[|/\\\\-](?=\\s)"
    ),
    "percentages": re.compile(r"(?<![\w.,])\d{1,3}(?:[.,]\d+)?\s?[%\uff05]"),
}
_SPACE = re.compile(r"\s+")

Comparable = Callable[[str], str]


def comparable(ignore: Sequence[str], patterns: Iterable[str] = ()) -> Comparable:
    """Return the function that reduces a title to what is compared.

    `ignore` names kinds of noise (counters, spinners, percentages); `patterns`
    are further regular expressions whose matches count as noise.
    """
    noise = [_NOISE[kind] for kind in ("spinners", "percentages", "counters") if kind in ignore]
    own_noise = [compile_pattern(pattern) for pattern in patterns]

    def reduce(title: str) -> str:
        for built_in in noise:
            title = built_in.sub("", title)
        for own in own_noise:
            title = own.replace(title, "")
        return _SPACE.sub(" ", title).strip()

    return reduce


class TitleRate:
    """Counts the sessions that title changes alone have created, by window, over a minute."""

    def __init__(self, per_minute: int) -> None:
        """Allow `per_minute` in any minute and window."""
        self._per_minute = per_minute
        self._changes: dict[int, deque[int]] = {}

    def exceeded(self, window_id: int, now: int) -> bool:
        """Tell whether the window has used up its changes of the minute that ends at `now` (ms)."""
        changes = self._changes.get(window_id)
        if changes is None:
            return False
        while changes and changes[0] <= now - MINUTE_MS:
            changes.popleft()
        return len(changes) >= self._per_minute

    def count(self, window_id: int, at: int) -> None:
        """Count a change at `at` (ms)."""
        if window_id not in self._changes:
            # Windows that changed nothing for a minute need no memory.
            self._changes = {
                window: changes
                for window, changes in self._changes.items()
                if changes and changes[-1] > at - MINUTE_MS
            }
        self._changes.setdefault(window_id, deque()).append(at)
