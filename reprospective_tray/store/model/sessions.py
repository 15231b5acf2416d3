"""The session as a value, and the changes that can be applied to stored sessions.

Times are integers: milliseconds since the epoch, UTC.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# A session's columns by name, as a table has them.
Row = dict[str, Any]
# Start and end, in ms since the epoch, UTC.
Interval = tuple[int, int]

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class State(StrEnum):
    """The user's state: active, idle, or screen locked."""

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
    """Insert a session or update it: it is new, has continued, or has ended."""

    session: Session


@dataclass(frozen=True, slots=True)
class Rewind:
    """Remove what this run recorded after `moment`, because it turned out to be idle time."""

    moment: int


@dataclass(frozen=True, slots=True)
class StepBack:
    """Move this run's rows that end after `now` back, because the clock was `step` ms ahead.

    `now` is the corrected time, or earlier. `since` is when the clock was set forward (0 if it was
    not), and `until` is when it was set forward again. Only rows between them move; rows before
    `since` have correct times.
    """

    step: int
    now: int
    since: int = 0
    until: int | None = None


Change = Put | Rewind | StepBack


def clean(text: str) -> str:
    """Return `text` with NUL and lone surrogates, which databases reject, replaced by U+FFFD."""
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
