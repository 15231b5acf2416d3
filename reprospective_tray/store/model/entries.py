"""The entry as a value: what a person says that a time was for. It never changes a session."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.model.sessions import Row


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; times are ms since the epoch, UTC, and `ended_at` is after `started_at`.

    Attributes:
        uid: A UUIDv7.
        started_at: When it begins.
        ended_at: When it ends.
        utc_offset_minutes: The clock on the wall when it began: it decides on which day it lies.
        category: A path such as ``Customers > Harbour``, at most 256 characters; never empty.
        note: At most 4,096 characters; may be empty.
        billable: Whether it is to be invoiced.
    """

    uid: str
    started_at: int
    ended_at: int
    utc_offset_minutes: int
    category: str
    note: str = ""
    billable: bool = True


# The names of an entry's values, and of their columns.
COLUMNS = tuple(field.name for field in fields(Entry))


def entry_of(row: Row) -> Entry:
    """Return the entry of a table's row; further columns are ignored."""
    return Entry(**{name: row[name] for name in COLUMNS} | {"billable": bool(row["billable"])})


def days_of(entry: Entry) -> tuple[str, ...]:
    """Return the local days on which the entry lies, as ISO dates."""
    return tuple(
        piece.day for piece in pieces(entry.started_at, entry.ended_at, entry.utc_offset_minutes)
    )


def without_overlaps(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries ordered by start and cut so that none overlap.

    The entry with the greater uid, which was made later, stays whole. One that is cut in its middle
    becomes two entries with the same uid.
    """
    return tuple(entry for group in _overlapping(entries) for entry in _cut(group))


def _overlapping(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield the entries in groups, ordered by time: entries of different groups do not overlap."""
    group: list[Entry] = []
    end = 0
    for entry in sorted(entries, key=lambda each: each.started_at):
        if group and entry.started_at >= end:
            yield group
            group = []
        group.append(entry)
        end = max(end, entry.ended_at)
    if group:
        yield group


def _cut(entries: list[Entry]) -> list[Entry]:
    """Return the entries cut so that none overlap, ordered by start."""
    found: list[Entry] = []
    for entry in sorted(entries, key=lambda each: each.uid, reverse=True):
        pieces = [entry]
        for later in found:
            pieces = [rest for piece in pieces for rest in outside(piece, later)]
        found += pieces
    return sorted(found, key=lambda each: each.started_at)


def outside(entry: Entry, other: Entry) -> list[Entry]:
    """Return what is left of `entry` outside the time of `other`: at most two pieces."""
    if entry.ended_at <= other.started_at or other.ended_at <= entry.started_at:
        return [entry]
    pieces = []
    if entry.started_at < other.started_at:
        pieces.append(replace(entry, ended_at=other.started_at))
    if other.ended_at < entry.ended_at:
        pieces.append(replace(entry, started_at=other.ended_at))
    return pieces
