"""Forgetting: what was recorded in a range of time goes, here at once and then on the server.

A session inside becomes a tombstone without names; one across a border is cut,
and its pieces get uids of their own. What retention has taken from here is
ordered from the server by range, and its days' totals go here.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import msgspec
from peewee import Case, fn

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store import salvage
from reprospective_tray.store.adapter import DatabaseAdapter, SqliteAdapter
from reprospective_tray.store.facts import Fact, Facts
from reprospective_tray.store.fields import ms
from reprospective_tray.store.ids import new_uid
from reprospective_tray.store.ranges import LARGEST_OFFSET_MS
from reprospective_tray.store.rollup import Rollup, day_name

# A transaction of these takes some ms; recording goes on between two of them.
_ROWS_A_STEP = 20
# Before every uid, as text and as PostgreSQL's own type.
_NIL = "00000000-0000-0000-0000-000000000000"
_COPIED = (
    *("device_id", "source_host", "state", "application_name", "window_title"),
    *("process_id", "utc_offset_minutes"),
)

Row = dict[str, Any]


@dataclass(slots=True)
class Forgotten:
    """What went.

    Attributes:
        sessions: How many sessions lay at least partly in the range.
        clipped: How many of them were cut at a border; the rest of them stays.
        ms: How much time they were in the range.
        totals: How many days' totals went because retention had taken their sessions.
        ordered: Whether the server is told to forget the range, beside the sessions.
        scrubbed: Whether no byte of it is left in the database's files.
        other_files: Files beside the database that may still hold some of it.
    """

    sessions: int = 0
    clipped: int = 0
    ms: int = 0
    totals: int = 0
    ordered: bool = False
    scrubbed: bool = True
    other_files: list[str] = field(default_factory=list)


class Forgetting:
    """Forgets [`since`, `until`) (ms UTC) on every device of the file, in short steps.

    Where an instance records it must have begun a new session at `until` or
    later, and steps go to its recording thread.
    """

    def __init__(self, since: int, until: int, application: str | None = None) -> None:
        """Forget what lies in the range, of one application if given (in any case)."""
        self._since, self._until = since, until
        self._application = application
        self._adapter: DatabaseAdapter | None = None
        self._names: list[str] | None = None
        self._reached = (0, _NIL)
        self.done = Forgotten()

    def step(self, adapter: DatabaseAdapter) -> bool:
        """Do a part, inside the adapter's `connection()`; tell whether there is more to do.

        At the end it waits for those who are reading, as long as the adapter is patient.

        Raises:
            StoreError: sessions of a damaged file are still on their way into this one.
            peewee.PeeweeException: the database cannot be written; a repeat goes on.
        """
        if adapter is not self._adapter:
            self._begin(adapter)
        if rows := self._next(adapter):
            self._erase(adapter, rows)
            self._reached = rows[-1]["started_at"], rows[-1]["uid"]
            return True
        if isinstance(adapter, SqliteAdapter):
            self._forget_taken(adapter)
        self.done.scrubbed = adapter.scrub()
        self.done.other_files = [str(file) for file in adapter.other_files()]
        return False

    def _begin(self, adapter: DatabaseAdapter) -> None:
        if isinstance(adapter, SqliteAdapter) and salvage.unfinished(adapter):
            raise StoreError(
                _("What can be read of the damaged database is still being taken over."),
                _("Let the program run for a while, then run the same command again."),
            )
        self._adapter, self._reached = adapter, (0, _NIL)
        self._names = names_of(adapter, self._since, self._until, self._application)

    def _next(self, adapter: DatabaseAdapter) -> list[Row]:
        session = adapter.models.Session
        start, uid = self._reached
        rows = session.select().where(
            session.started_at >= start,
            (session.started_at > start) | (session.uid > uid),
            *_inside(adapter, self._since, self._until, self._names),
        )
        return list(rows.order_by(session.started_at, session.uid).limit(_ROWS_A_STEP).dicts())

    def _erase(self, adapter: DatabaseAdapter, found: list[Row]) -> None:
        """Leave tombstones and the pieces outside; what changed since it was found is read anew."""
        session, books = adapter.models.Session, adapter.make_bookkeeping()
        uids = [row["uid"] for row in found]
        with adapter.writing():
            inside = _inside(adapter, self._since, self._until, self._names)
            rows = list(session.select().where(session.uid.in_(uids), *inside).dicts())
            session.update(
                deleted=1,
                open=0,
                application_name="",
                window_title="",
                process_id=None,
                revision=session.revision + 1,
                **books.touched,
            ).where(session.uid.in_([row["uid"] for row in rows])).execute()
            if isinstance(adapter, SqliteAdapter):
                # The server's reason may quote the title.
                refused = adapter.models.Refused
                refused.delete().where(refused.uid.in_(uids)).execute()
            books.uncount(*(row for row in rows if not row["open"]))
            pieces = [piece for row in rows for piece in self._pieces(row)]
            for piece in pieces:
                books.put(piece)
            books.count(pieces)
        self._count(rows)

    def _pieces(self, row: Row) -> list[Row]:
        """Return what is left of a session outside the range, as new ones."""
        start, end = row["started_at"], row["ended_at"]
        parts = ((start, min(end, self._since)), (max(start, self._until), end))
        kept = {name: row[name] for name in _COPIED} | {"open": 0}
        return [
            kept | {"uid": new_uid(began), "started_at": began, "ended_at": ended}
            for began, ended in parts
            if ended > began
        ]

    def _count(self, rows: list[Row]) -> None:
        for row in rows:
            start, end = row["started_at"], row["ended_at"]
            self.done.sessions += 1
            self.done.clipped += start < self._since or end > self._until
            self.done.ms += min(end, self._until) - max(start, self._since)

    def _forget_taken(self, adapter: SqliteAdapter) -> None:
        """Order from the server what retention has taken from here, and let its totals go."""
        facts, rollup = Facts(adapter), Rollup(adapter)
        with adapter.writing():
            horizon = facts.get(Fact.RETENTION_HORIZON)
            if horizon is not None and self._since <= horizon:
                until = min(self._until, horizon + 1)
                self.done.ordered = self._order(adapter, facts, until)
                self.done.totals = rollup.forget_taken(self._since, until, self._names)
            rollup.forget_edges(self._since, self._until, self._names)

    def _order(self, adapter: SqliteAdapter, facts: Facts, until: int) -> bool:
        """Note what the server is to forget; tell whether anything can be there."""
        day = adapter.models.Day
        names = day_name(self._since - LARGEST_OFFSET_MS), day_name(until + LARGEST_OFFSET_MS)
        with_totals = day.select(day.device_id).distinct().where(day.day.between(*names))
        if self._names is not None:
            with_totals = with_totals.where(day.application_name.in_(self._names))
        device_ids = {device_id for (device_id,) in with_totals.tuples()}
        if not device_ids:
            return False
        device_ids |= {facts.device_id(), *facts.get(Fact.FORMER_DEVICE_IDS, [])}
        now = time.time_ns() // 1_000_000
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


def forget(
    adapter: DatabaseAdapter, since: int, until: int, application: str | None = None
) -> Forgotten:
    """Forget everything at once, where no instance records; see `Forgetting`."""
    work = Forgetting(since, until, application)
    while work.step(adapter):
        pass
    return work.done


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would go: sessions in the range, their time in it, and whether some are elsewhere.

    `taken` says that retention has taken sessions that may lie in the range.
    """

    sessions: int
    ms: int
    taken: bool


def look_ahead(
    adapter: DatabaseAdapter, since: int, until: int, application: str | None = None
) -> Prospect:
    """Return what forgetting would take; inside the adapter's `connection()`."""
    session = adapter.models.Session
    start = Case(None, [(session.started_at < since, since)], ms(session.started_at))
    end = Case(None, [(session.ended_at > until, until)], ms(session.ended_at))
    found = session.select(fn.COUNT(session.uid), fn.SUM(end - start)).where(
        *_inside(adapter, since, until, names_of(adapter, since, until, application))
    )
    count, length = found.tuples().first()
    horizon = None
    if isinstance(adapter, SqliteAdapter):
        horizon = Facts(adapter).get(Fact.RETENTION_HORIZON)
    return Prospect(count, int(length or 0), taken=horizon is not None and since <= horizon)


def names_of(
    adapter: DatabaseAdapter, since: int, until: int, application: str | None
) -> list[str] | None:
    """Return the names that are recorded for `application`, whatever their case; None for all.

    One that is not known here may still be on the server: it stays as it is written.
    """
    if application is None:
        return None
    session, day = adapter.models.Session, adapter.models.Day
    inside = _inside(adapter, since, until, None)
    found = session.select(session.application_name).distinct().where(*inside)
    known = {name for (name,) in found.tuples()}
    if isinstance(adapter, SqliteAdapter):  # and what retention has taken
        known |= {name for (name,) in day.select(day.application_name).distinct().tuples()}
    wanted = application.casefold()
    return sorted(name for name in known if name.casefold() == wanted) or [application]


def _inside(adapter: DatabaseAdapter, since: int, until: int, names: list[str] | None) -> list[Any]:
    """Return the conditions for living sessions that lie at least partly in [`since`, `until`)."""
    session = adapter.models.Session
    conditions = [
        *adapter.of_this_computer(),
        session.deleted == 0,
        session.started_at < until,
        (session.ended_at > since) | (session.started_at >= since),
    ]
    return conditions if names is None else [*conditions, session.application_name.in_(names)]
