"""The daily rollup: what closed sessions add to each day as lived."""

from collections import defaultdict
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


def totals(rows: Iterable[dict[str, Any]]) -> dict[DayKey, Addition]:
    """Return what closed, living sessions, given as rows of the table, add up to by day."""
    found: dict[DayKey, Addition] = {}
    for row in rows:
        for piece, part in _parts_of(row):
            key = _key(row, piece)
            if key in found:
                found[key].take(part)
            else:
                found[key] = part
    return found


def _parts_of(row: dict[str, Any]) -> Iterator[tuple[Piece, Addition]]:
    return _parts(row["started_at"], row["ended_at"], row["utc_offset_minutes"])


def _parts(started_at: int, ended_at: int, offset: int) -> Iterator[tuple[Piece, Addition]]:
    for piece in pieces(started_at, ended_at, offset):
        start, end = piece.started_at, piece.ended_at
        yield piece, Addition(end - start, 1, start, offset, end, offset)


def _key(row: dict[str, Any], piece: Piece) -> DayKey:
    return (
        piece.day,
        row["device_id"],
        row["source_host"],
        row["state"],
        row["application_name"],
    )


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
        self.add_totals(totals(rows))

    def add_totals(self, found: dict[DayKey, Addition]) -> None:
        """Count what some sessions add up to."""
        for key, part in found.items():
            self._write(key, part)

    def remove(self, *rows: dict[str, Any]) -> None:
        """Uncount sessions that were counted; call it after their rows have changed."""
        day = self._day
        gone: dict[DayKey, list[Addition]] = defaultdict(list)
        for row in rows:
            for piece, part in _parts_of(row):
                gone[_key(row, piece)].append(part)
        for key, parts in gone.items():
            where = self._where(key)
            length = sum(part.ms for part in parts)
            day.update(ms=day.ms - length, sessions=day.sessions - len(parts)).where(
                where
            ).execute()
            day.delete().where(where & (day.sessions <= 0)).execute()
            first = min(parts, key=lambda part: part.first_at)
            last = max(parts, key=lambda part: part.last_at)
            edge = (day.first_at == first.first_at) | (day.last_at == last.last_at)
            held = day.select().where(where & edge).dicts().first()
            if held:
                self._find_edges(key, held, first, last)

    def forget_taken(self, since: int, until: int, applications: list[str] | None) -> int:
        """Take back what retention's rows left in days whose part may lie in [`since`, `until`).

        Each such row of the rollup becomes what the sessions that are still
        here add up to. Returns how many changed; `applications` None is all.
        """
        day = self._day
        changed = 0
        for held in list(self._meeting(since, until, applications).dicts()):
            key: DayKey = tuple(held[column.name] for column in self._key_columns)
            found = self._raw(key)
            if found and (found.ms, found.sessions) == (held["ms"], held["sessions"]):
                continue
            changed += 1
            where = self._where(key)
            if found:
                day.update(asdict(found)).where(where).execute()
            else:
                day.delete().where(where).execute()
        return changed

    def forget_edges(self, since: int, until: int, applications: list[str] | None) -> None:
        """Say of no day that its first or last was in [`since`, `until`), where nothing is now.

        What retention has taken is not known by its times, so an edge may be left there.
        """
        day = self._day
        meeting = self._meeting(since, until, applications)
        for held in list(meeting.dicts()):
            where = self._where(tuple(held[column.name] for column in self._key_columns))
            if since <= held["first_at"] < until <= held["last_at"]:
                day.update(first_at=until).where(where).execute()
            elif held["first_at"] <= since < held["last_at"] <= until:
                day.update(last_at=since).where(where).execute()

    def _meeting(self, since: int, until: int, applications: list[str] | None) -> Any:
        """Return a query for the days that may have been lived in [`since`, `until`)."""
        day = self._day
        names = day_name(since - LARGEST_OFFSET_MS), day_name(until + LARGEST_OFFSET_MS)
        rows = day.select().where(
            day.day.between(*names),
            day.first_at < until,
            (day.last_at > since) | (day.first_at >= since),
        )
        return rows if applications is None else rows.where(day.application_name.in_(applications))

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

    def _find_edges(
        self, key: DayKey, held: dict[str, Any], first: Addition, last: Addition
    ) -> None:
        """Find again the day's edges, after `first` and `last`, and all between, were taken away.

        Where retention has taken sessions of the day, their times are unknown:
        then only the edge that is gone moves, no further than is known. Sessions
        of a device never overlap, so nothing lies before the end of the first.
        """
        found = self._raw(key)
        if found and found.sessions >= held["sessions"]:
            edges = asdict(found)
            del edges["ms"], edges["sessions"]
        else:
            edges = {}
            if held["first_at"] == first.first_at:
                edges["first_at"] = first.last_at
                edges["first_offset_minutes"] = first.last_offset_minutes
                if found and found.first_at < first.last_at:
                    edges["first_at"] = found.first_at
                    edges["first_offset_minutes"] = found.first_offset_minutes
            if held["last_at"] == last.last_at:
                edges["last_at"] = last.first_at
                edges["last_offset_minutes"] = last.first_offset_minutes
                if found and found.last_at > last.first_at:
                    edges["last_at"] = found.last_at
                    edges["last_offset_minutes"] = found.last_offset_minutes
            after = held | edges
            if after["first_at"] > after["last_at"]:
                return
        if edges:
            self._day.update(edges).where(self._where(key)).execute()

    def _raw(self, key: DayKey) -> Addition | None:
        """Return what the sessions that are here add up to."""
        session = self._session
        that = date.fromisoformat(key[0])
        begin, end = DayRange(that, that).begin, DayRange(that, that).end
        offset_column = session.utc_offset_minutes
        # What began in UTC's neighbourhood of the day, and what lasts into it.
        earliest = begin - LARGEST_OFFSET_MS
        columns = (session.started_at, session.ended_at, offset_column)
        rows = session.select(*columns).where(
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
        for started_at, ended_at, offset in rows.tuples():
            for piece, part in _parts(started_at, ended_at, offset):
                if piece.day != key[0]:
                    continue
                if found is None:
                    found = part
                else:
                    found.take(part)
        return found
