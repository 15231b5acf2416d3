"""The session as a value, and the changes that can happen to what is stored.

Times are integers: milliseconds since the epoch, UTC.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# A session's columns by name, as a table has them.
Row = dict[str, Any]
# From, and up to, ms since the epoch, UTC.
Interval = tuple[int, int]

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class State(StrEnum):
    """What the person was doing."""

    ACTIVE = "active"
    IDLE = "idle"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Session:
    """One application and one window title in the foreground, without a gap."""

    uid: str
    state: State
    application_name: str
    window_title: str
    process_id: int | None
    started_at: int
    ended_at: int
    utc_offset_minutes: int
    open: bool


@dataclass(frozen=True, slots=True)
class Put:
    """The session is new, has lasted longer, or has ended."""

    session: Session


@dataclass(frozen=True, slots=True)
class Rewind:
    """Nothing this device recorded lies beyond `moment`: it was idle time after all."""

    moment: int


@dataclass(frozen=True, slots=True)
class StepBack:
    """The clock was `step` ms ahead: this run's rows that end after `now` move.

    `now` is the corrected time, or earlier. `since` is where the clock was set forward, 0 where
    it was not, and `until` where it was set forward again: only rows of that time move, and
    what was recorded before `since` was right.
    """

    step: int
    now: int
    since: int = 0
    until: int | None = None


Change = Put | Rewind | StepBack


def clean(text: str) -> str:
    """Return `text` with what no database can hold (NUL, lone surrogates) as U+FFFD."""
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
