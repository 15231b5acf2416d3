"""Splits sessions into days of local wall time and adds up the parts per day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

Edge = tuple[int, int]  # ms since the epoch (UTC), and the UTC offset at that time in minutes
DayKey = tuple[str, str, str, str, str]  # day, device_id, source_host, state, application_name


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a session on one day of local wall time."""

    day: str
    started_at: int
    ended_at: int


def day_name(lived_ms: int) -> str:
    """Return the ISO date of `lived_ms`: ms of local wall time, counted as if it were UTC."""
    return date.fromordinal(EPOCH_ORDINAL + lived_ms // DAY_MS).isoformat()


def pieces(started_at: int, ended_at: int, utc_offset_minutes: int) -> Iterator[Piece]:
    """Split a session at the midnights of its local time; times are ms UTC."""
    offset = utc_offset_minutes * MINUTE_MS
    start = started_at
    while True:
        midnight = ((start + offset) // DAY_MS + 1) * DAY_MS - offset
        end = min(ended_at, midnight)
        yield Piece(day_name(start + offset), start, end)
        if end == ended_at:
            return
        start = end


@dataclass(slots=True)
class Addition:
    """The amount that a batch of sessions adds to one row of the rollup."""

    ms: int
    sessions: int
    first_at: int
    first_offset_minutes: int
    last_at: int
    last_offset_minutes: int

    @property
    def first_edge(self) -> Edge:
        """The start of the first session, and its UTC offset."""
        return self.first_at, self.first_offset_minutes

    @property
    def last_edge(self) -> Edge:
        """The end of the last session, and its UTC offset."""
        return self.last_at, self.last_offset_minutes

    def set_edges(self, first: Edge, last: Edge) -> None:
        """Replace the first and the last edge."""
        self.first_at, self.first_offset_minutes = first
        self.last_at, self.last_offset_minutes = last

    def take(self, other: "Addition") -> None:
        """Add `other` to this addition."""
        self.ms += other.ms
        self.sessions += other.sessions
        if other.first_at < self.first_at:
            self.first_at, self.first_offset_minutes = other.first_at, other.first_offset_minutes
        if other.last_at > self.last_at:
            self.last_at, self.last_offset_minutes = other.last_at, other.last_offset_minutes


def totals(rows: Iterable[dict[str, Any]]) -> dict[DayKey, Addition]:
    """Return the totals by day of closed, non-deleted sessions, given as table rows."""
    found: dict[DayKey, Addition] = {}
    for row in rows:
        for key, part in parts_of(row):
            take(found, key, part)
    return found


def take(found: dict[DayKey, Addition], key: DayKey, part: Addition) -> None:
    """Add `part` to the total of `key` in `found`."""
    if key in found:
        found[key].take(part)
    else:
        found[key] = part


def parts_of(row: dict[str, Any]) -> Iterator[tuple[DayKey, Addition]]:
    """Yield the amount that a session, given as a table row, adds to each of its days."""
    offset = row["utc_offset_minutes"]
    whose = row["device_id"], row["source_host"], row["state"], row["application_name"]
    for piece in pieces(row["started_at"], row["ended_at"], offset):
        start, end = piece.started_at, piece.ended_at
        yield (piece.day, *whose), Addition(end - start, 1, start, offset, end, offset)
