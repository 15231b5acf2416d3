"""A time range to forget, and a preview of what that would delete.

A session or an entry that crosses a border of the range is cut. For sessions that retention
removed from this file, the server is ordered to delete the range, and the whole days' totals are
deleted here.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from peewee import SQL, Case, fn

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.forget.erase import Forgotten, Selection
from reprospective_tray.store.model.day_split import day_name
from reprospective_tray.store.model.fields import ms
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals
from reprospective_tray.store.sqlite.rows.entry_rows import EntryRows
from reprospective_tray.system.clock import now_ms

# Sorts before every uid, both as text and as PostgreSQL's uuid.
_NIL = "00000000-0000-0000-0000-000000000000"


class TimeRange(Selection):
    """The range [`since`, `until`) (ms UTC) of every device in the file.

    If the program is recording, its open session must have begun at `until` or later. Entries go
    with the sessions up to `entries_until`, which is later for a range that ends in the future.
    Those of one application stay, for they do not say what was in front.
    """

    def __init__(
        self,
        since: int,
        until: int,
        application: str | None = None,
        *,
        entries_until: int | None = None,
    ) -> None:
        """Select the range, limited to one application if given (case-insensitive)."""
        self._since, self._until = since, until
        self._entries_until = until if entries_until is None else entries_until
        self._application = application
        self._names: list[str] | None = None
        self._reached = (0, _NIL)

    def begin(self, adapter: DatabaseAdapter) -> None:  # noqa: D102  as above
        self._reached = (0, _NIL)
        self._names = names_of(adapter, self._since, self._until, self._application)

    def next(self, adapter: DatabaseAdapter, most: int) -> list[Row]:  # noqa: D102  as above
        session = adapter.models.Session
        start, uid = self._reached
        query = session.select().where(
            session.started_at >= start,
            (session.started_at > start) | (session.uid > uid),
            *_inside(adapter, self._since, self._until, self._names),
        )
        rows = list(query.order_by(session.started_at, session.uid).limit(most).dicts())
        if rows:
            self._reached = rows[-1]["started_at"], rows[-1]["uid"]
        return rows

    def part(self, row: Row) -> tuple[int, int]:  # noqa: D102  as above
        return max(row["started_at"], self._since), min(row["ended_at"], self._until)

    def finish(self, adapter: DatabaseAdapter, done: Forgotten) -> None:
        """Order the server to delete what retention removed here; delete totals and entries."""
        if not isinstance(adapter, SqliteAdapter):
            return
        facts, rollup = FileMeta(adapter), DailyTotals(adapter)
        with adapter.writing():
            horizon = facts.get(MetaKey.RETENTION_HORIZON)
            if horizon is not None and self._since <= horizon:
                until = min(self._until, horizon + 1)
                done.ordered = self._order(adapter, facts, until)
                done.totals = rollup.forget_taken(self._since, until, self._names)
            rollup.forget_edges(self._since, self._until, self._names)
            if self._names is None:
                rows = EntryRows(adapter.models)
                done.entries += rows.forget(self._since, self._entries_until)

    def _order(self, adapter: SqliteAdapter, facts: FileMeta, until: int) -> bool:
        """Store the delete orders for the server; return whether it can have such sessions."""
        device_ids = _with_totals(adapter, self._since, until, self._names)
        if not device_ids:
            return False
        device_ids |= {facts.device_id(), *facts.get(MetaKey.FORMER_DEVICE_IDS, [])}
        now = now_ms()
        for name in [None] if self._names is None else self._names:
            adapter.models.RangeOrder.insert(
                uid=new_uid(now),
                device_ids=msgspec.json.encode(sorted(device_ids)).decode(),
                started_at=self._since,
                ended_at=until,
                application_name=name,
                ordered_at=now,
            ).execute()
        return True


@dataclass(frozen=True, slots=True)
class Prospect:
    """The preview of a deletion.

    Attributes:
        sessions: How many sessions lie in the range, completely or in part.
        clipped: How many of them extend past it; that part would be kept.
        ms: How much of their time lies in the range, in ms.
        taken: Whether retention has removed sessions that may lie in the range.
        entries: How many entries lie in the range, completely or in part.
    """

    sessions: int
    clipped: int
    ms: int
    taken: bool
    entries: int


def look_ahead(
    adapter: DatabaseAdapter,
    since: int,
    until: int,
    application: str | None = None,
    *,
    open_until: int | None = None,
) -> Prospect:
    """Return what forgetting [`since`, `until`) would delete; must be called in `connection()`.

    `open_until` is given while the program is recording: the present end (ms UTC) of its open
    session, which is later than the end last written to the database.
    """
    session = adapter.models.Session
    goes_on = open_until is not None and open_until > since
    names = names_of(adapter, since, until, application, with_open=goes_on)
    written = _inside(adapter, since, until, names)
    if open_until is not None:
        written.append(session.open == 0)
    start = Case(None, [(session.started_at < since, since)], ms(session.started_at))
    end = Case(None, [(session.ended_at > until, until)], ms(session.ended_at))
    reaches_beyond = (session.started_at < since) | (session.ended_at > until)
    found = session.select(
        fn.COUNT(session.uid), fn.SUM(Case(None, [(reaches_beyond, 1)], 0)), fn.SUM(end - start)
    ).where(*written)
    count, clipped, length = (int(each or 0) for each in found.tuples().first())
    if open_until is not None:
        going_on = session.select(session.started_at).where(
            *_open(adapter, until),
            *([] if names is None else [session.application_name.in_(names)]),
        )
        for (began,) in going_on.tuples():
            if open_until > since or began >= since:
                count += 1
                clipped += began < since or open_until > until
                length += max(min(open_until, until) - max(began, since), 0)
    taken = _takes_from_server(adapter, since, until, names)
    entries = _count_entries(adapter, since, until) if names is None else 0
    return Prospect(count, clipped, length, taken, entries)


def _count_entries(adapter: DatabaseAdapter, since: int, until: int) -> int:
    """Return how many entries lie in the range; a file of an older version has none."""
    if not isinstance(adapter, SqliteAdapter):
        return 0
    if not adapter.models.Entry.table_exists():
        return 0
    return len(EntryRows(adapter.models).overlapping(since, until))


def _takes_from_server(
    adapter: DatabaseAdapter, since: int, until: int, names: list[str] | None
) -> bool:
    """Return whether retention has removed sessions here that may lie in the range."""
    if not isinstance(adapter, SqliteAdapter):
        return False
    horizon = FileMeta(adapter).get(MetaKey.RETENTION_HORIZON)
    if horizon is None or since > horizon:
        return False
    return bool(_with_totals(adapter, since, min(until, horizon + 1), names))


def _with_totals(
    adapter: SqliteAdapter, since: int, until: int, names: list[str] | None
) -> set[str]:
    """Return the devices with daily totals on days that the range may overlap."""
    day = adapter.models.Day
    days = day_name(since - LARGEST_OFFSET_MS), day_name(until + LARGEST_OFFSET_MS)
    found = day.select(day.device_id).distinct().where(day.day.between(*days))
    if names is not None:
        found = found.where(day.application_name.in_(names))
    return {device_id for (device_id,) in found.tuples()}


def names_of(
    adapter: DatabaseAdapter,
    since: int,
    until: int,
    application: str | None,
    *,
    with_open: bool = False,
) -> list[str] | None:
    """Return the recorded names that match `application` case-insensitively; None for all.

    A name unknown here is returned unchanged, because the server may know it. `with_open` adds the
    open session, which may extend into the range beyond its last written end.
    """
    if application is None:
        return None
    session, day = adapter.models.Session, adapter.models.Day
    inside = _inside(adapter, since, until, None)
    found = session.select(session.application_name).distinct().where(*inside)
    known = {name for (name,) in found.tuples()}
    if with_open:
        open_ones = session.select(session.application_name).where(*_open(adapter, until))
        known |= {name for (name,) in open_ones.tuples()}
    if isinstance(adapter, SqliteAdapter):  # also names of sessions that retention removed
        known |= {name for (name,) in day.select(day.application_name).distinct().tuples()}
    wanted = application.casefold()
    return sorted(name for name in known if name.casefold() == wanted) or [application]


def _open(adapter: DatabaseAdapter, until: int) -> list[Any]:
    """Return the conditions for the open, non-deleted session that began before `until`."""
    session = adapter.models.Session
    return [
        *adapter.of_this_computer(),
        # A literal, not a parameter: SQLite uses the partial index on open rows only for that.
        session.open == SQL("1"),
        session.deleted == 0,
        session.started_at < until,
    ]


def _inside(adapter: DatabaseAdapter, since: int, until: int, names: list[str] | None) -> list[Any]:
    """Return the conditions for non-deleted sessions that overlap [`since`, `until`)."""
    session = adapter.models.Session
    conditions = [
        *adapter.of_this_computer(),
        session.deleted == 0,
        session.started_at < until,
        (session.ended_at > since) | (session.started_at >= since),
    ]
    return conditions if names is None else [*conditions, session.application_name.in_(names)]
