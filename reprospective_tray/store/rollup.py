"""The daily rollup: what closed sessions add to each day as lived."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from peewee import EXCLUDED, Case

from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.prepared import Prepared
from reprospective_tray.store.ranges import LARGEST_OFFSET_MS, DayRange, lived, reach
from reprospective_tray.store.sessions import DAY_MS, MINUTE_MS

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

DayKey = tuple[str, str, str, str, str]  # day, device_id, source_host, state, application_name


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a session that lies on one day as lived."""

    day: str
    started_at: int
    ended_at: int


def day_name(lived_ms: int) -> str:
    """Return the ISO date of `lived_ms`: ms of wall time as lived, as if it were UTC."""
    return date.fromordinal(EPOCH_ORDINAL + lived_ms // DAY_MS).isoformat()


def pieces(started_at: int, ended_at: int, utc_offset_minutes: int) -> Iterator[Piece]:
    """Split a session at the midnights of the clock that was on the wall."""
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
    """What a bulk of sessions adds to one row of the rollup."""

    ms: int
    sessions: int
    first_at: int
    first_offset_minutes: int
    last_at: int
    last_offset_minutes: int

    def take(self, other: "Addition") -> None:
        """Add `other` to this."""
        self.ms += other.ms
        self.sessions += other.sessions
        if other.first_at < self.first_at:
            self.first_at, self.first_offset_minutes = other.first_at, other.first_offset_minutes
        if other.last_at > self.last_at:
            self.last_at, self.last_offset_minutes = other.last_at, other.last_offset_minutes


class Rollup:
    """Keeps `desktop_activity_days` true; call it inside the transaction of the change."""

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Work on the tables of `adapter`."""
        models = adapter.models
        self._day = models.Day
        self._session = models.Session
        day = models.Day
        self._key_columns = (
            day.day,
            day.device_id,
            day.source_host,
            day.state,
            day.application_name,
        )
        names = [column.name for column in self._key_columns]
        names += [field.name for field in fields(Addition)]
        self._addition = Prepared(adapter.database, names, self._addition_query)

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Count closed, living sessions, given as rows of the table."""
        total: dict[DayKey, Addition] = {}
        for row in rows:
            offset = row["utc_offset_minutes"]
            for piece in pieces(row["started_at"], row["ended_at"], offset):
                length = piece.ended_at - piece.started_at
                part = Addition(length, 1, piece.started_at, offset, piece.ended_at, offset)
                key = self._key(row, piece)
                if key in total:
                    total[key].take(part)
                else:
                    total[key] = part
        for key, part in total.items():
            self._write(key, part)

    def remove(self, row: dict[str, Any]) -> None:
        """Uncount a session that was counted; call it after its row has changed."""
        day = self._day
        offset = row["utc_offset_minutes"]
        for piece in pieces(row["started_at"], row["ended_at"], offset):
            where = self._where(self._key(row, piece))
            length = piece.ended_at - piece.started_at
            day.update(ms=day.ms - length, sessions=day.sessions - 1).where(where).execute()
            day.delete().where(where & (day.sessions <= 0)).execute()
            edge = (day.first_at == piece.started_at) | (day.last_at == piece.ended_at)
            if day.select().where(where & edge).exists():
                self._find_edges(self._key(row, piece))

    @staticmethod
    def _key(row: dict[str, Any], piece: Piece) -> DayKey:
        return (
            piece.day,
            row["device_id"],
            row["source_host"],
            row["state"],
            row["application_name"],
        )

    def _where(self, key: DayKey) -> Any:
        where = True
        for column, value in zip(self._key_columns, key, strict=True):
            where = (column == value) & where
        return where

    def _write(self, key: DayKey, part: Addition) -> None:
        names = (column.name for column in self._key_columns)
        self._addition.execute(dict(zip(names, key, strict=True)) | asdict(part))

    def _addition_query(self, values: dict[str, Any]) -> Any:
        day = self._day
        earlier = EXCLUDED.first_at < day.first_at
        later = EXCLUDED.last_at > day.last_at

        def if_(condition: Any, column: str) -> Any:
            return Case(None, [(condition, getattr(EXCLUDED, column))], getattr(day, column))

        return day.insert(values).on_conflict(
            conflict_target=self._key_columns,
            update={
                day.ms: day.ms + EXCLUDED.ms,
                day.sessions: day.sessions + EXCLUDED.sessions,
                day.first_at: if_(earlier, "first_at"),
                day.first_offset_minutes: if_(earlier, "first_offset_minutes"),
                day.last_at: if_(later, "last_at"),
                day.last_offset_minutes: if_(later, "last_offset_minutes"),
            },
        )

    def _find_edges(self, key: DayKey) -> None:
        """Ask the sessions themselves when the day's first began and its last ended."""
        session, day = self._session, self._day
        that = date.fromisoformat(key[0])
        begin, end = DayRange(that, that).begin, DayRange(that, that).end
        offset_column = session.utc_offset_minutes
        # What began in UTC's neighbourhood of the day, and what lasts into it.
        earliest = begin - LARGEST_OFFSET_MS
        rows = session.select().where(
            session.device_id == key[1],
            session.started_at >= reach(session, key[1], earliest),
            session.started_at < end + LARGEST_OFFSET_MS,
            session.source_host == key[2],
            session.state == key[3],
            session.application_name == key[4],
            session.open == 0,
            session.deleted == 0,
            lived(session.started_at, offset_column) < end,
            lived(session.ended_at, offset_column) >= begin,
        )
        found: Addition | None = None
        for row in rows.dicts():
            offset = row["utc_offset_minutes"]
            for piece in pieces(row["started_at"], row["ended_at"], offset):
                if piece.day != key[0]:
                    continue
                part = Addition(0, 0, piece.started_at, offset, piece.ended_at, offset)
                if found is None:
                    found = part
                else:
                    found.take(part)
        if found is not None:
            edges = asdict(found)
            del edges["ms"], edges["sessions"]
            day.update(edges).where(self._where(key)).execute()
