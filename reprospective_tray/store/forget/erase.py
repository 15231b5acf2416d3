"""Erases sessions: locally at once, on the server with the next sync pass.

A `Selection` says which sessions to erase: chosen ones or a time range (`selection.TimeRange`).
An erased session becomes a tombstone without names. If only a part is erased, the remaining parts
become new sessions with their own uids.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from peewee import SQL

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.backends import make_row_accounting
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.model.tombstones import TOMBSTONE
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.salvage import recovery

if TYPE_CHECKING:
    from reprospective_tray.store.engine.row_accounting import RowAccounting

# A transaction of this size takes a few ms; recording continues between transactions.
_ROWS_A_STEP = 20
_COPIED = (
    *("device_id", "source_host", "state", "application_name", "window_title"),
    *("process_id", "utc_offset_minutes"),
)
# The server accepts no other format.
_UID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")


@dataclass(slots=True)
class Forgotten:
    """The result of a deletion.

    Attributes:
        sessions: How many sessions were erased, completely or in part.
        clipped: How many of them extended past the range; that part was kept.
        ms: How much time was erased, in ms.
        totals: How many daily totals were deleted because retention had removed their sessions.
        ordered: Whether the server is ordered to delete the time range, besides the sessions.
        missing: How many of the chosen sessions are not in this database: already erased, kept
            only on the server, or another computer's.
        entries: How many entries were erased, completely or in part.
        scrubbed: Whether all traces were removed from the database's files.
        other_files: Files next to the database that may still contain erased data.
    """

    sessions: int = 0
    clipped: int = 0
    ms: int = 0
    totals: int = 0
    ordered: bool = False
    missing: int = 0
    entries: int = 0
    scrubbed: bool = True
    other_files: list[str] = field(default_factory=list)

    def add(self, later: "Forgotten") -> None:
        """Add the counts of a later deletion; the state of the files is taken from `later`."""
        self.sessions += later.sessions
        self.clipped += later.clipped
        self.ms += later.ms
        self.totals += later.totals
        self.ordered |= later.ordered
        self.missing += later.missing
        self.entries += later.entries
        self.scrubbed, self.other_files = later.scrubbed, later.other_files


class Selection(ABC):
    """Sessions to forget. An instance is for one use and must be called in `connection()`."""

    @abstractmethod
    def begin(self, adapter: DatabaseAdapter) -> None:
        """Start at the first session of `adapter`; called again if the adapter was replaced."""

    @abstractmethod
    def next(self, adapter: DatabaseAdapter, most: int) -> list[Row]:
        """Return up to `most` further non-deleted sessions; an empty list at the end."""

    @abstractmethod
    def part(self, row: Row) -> tuple[int, int]:
        """Return the start and end (ms UTC) of the part of the session to erase."""

    @abstractmethod
    def finish(self, adapter: DatabaseAdapter, done: Forgotten) -> None:
        """Complete the deletion after all sessions were erased; update `done`."""


class ChosenSessions(Selection):
    """Sessions chosen by uid; each is erased completely.

    Sessions that retention removed from this file count as missing.
    """

    def __init__(self, uids: Iterable[str]) -> None:
        """Choose the sessions of `uids`; unknown uids are ignored."""
        self._uids = list(dict.fromkeys(uids))
        self._known = [uid for uid in self._uids if _UID.fullmatch(uid)]
        self._reached = 0
        self._found: set[str] = set()

    def holds_open_one(self, adapter: DatabaseAdapter) -> bool:
        """Return whether one of the sessions is still open."""
        session = adapter.models.Session
        # A literal, not a parameter: SQLite uses the partial index on open rows only for that.
        going_on = session.select(session.uid).where(
            *adapter.of_this_computer(), session.open == SQL("1"), session.deleted == 0
        )
        return not {uid for (uid,) in going_on.tuples()}.isdisjoint(self._known)

    def begin(self, adapter: DatabaseAdapter) -> None:  # noqa: ARG002, D102  as above
        self._reached = 0

    def next(self, adapter: DatabaseAdapter, most: int) -> list[Row]:  # noqa: D102  as above
        session = adapter.models.Session
        while uids := self._known[self._reached : self._reached + most]:
            self._reached += most
            rows = session.select().where(
                *adapter.of_this_computer(), session.deleted == 0, session.uid.in_(uids)
            )
            if found := list(rows.dicts()):
                self._found.update(row["uid"] for row in found)
                return found
        return []

    def part(self, row: Row) -> tuple[int, int]:  # noqa: D102  as above
        return row["started_at"], row["ended_at"]

    def finish(self, adapter: DatabaseAdapter, done: Forgotten) -> None:  # noqa: ARG002, D102
        done.missing = len(self._uids) - len(self._found)


class Forgetting:
    """Erases a selection in short steps.

    While the program is recording, the steps must run in its recording thread, and its open
    session must have begun after everything that is erased.
    """

    def __init__(self, what: Selection) -> None:
        """Erase the sessions of `what`."""
        self._what = what
        self._adapter: DatabaseAdapter | None = None
        self._books: RowAccounting | None = None
        self.done = Forgotten()

    def step(self, adapter: DatabaseAdapter) -> bool:
        """Run one step, inside the adapter's `connection()`; return whether more remain.

        The last step waits for other readers, up to the adapter's busy timeout.

        Raises:
            StoreError: sessions of a damaged file are still being recovered into this one.
            peewee.PeeweeException: the database cannot be written; another call continues.
        """
        if adapter is not self._adapter:
            self._begin(adapter)
        if rows := self._erase(adapter):
            self._count(rows)
            return True
        self._what.finish(adapter, self.done)
        self.done.scrubbed = adapter.scrub()
        self.done.other_files = [str(file) for file in adapter.other_files()]
        return False

    def _begin(self, adapter: DatabaseAdapter) -> None:
        if isinstance(adapter, SqliteAdapter) and recovery.unfinished(adapter):
            raise StoreError(
                _("What can be read of the damaged database is still being copied to the new one."),
                _("Let the program run for a while, then run the same command again."),
            )
        self._adapter, self._books = adapter, make_row_accounting(adapter)
        self._what.begin(adapter)

    def _erase(self, adapter: DatabaseAdapter) -> list[Row]:
        """Replace the next sessions by tombstones and remaining parts; return the old rows."""
        session, books = adapter.models.Session, self._books
        assert books is not None
        with adapter.writing():
            if not (rows := self._what.next(adapter, _ROWS_A_STEP)):
                return []
            uids = [row["uid"] for row in rows]
            session.update(**TOMBSTONE, revision=session.revision + 1, **books.touched).where(
                session.uid.in_(uids)
            ).execute()
            if isinstance(adapter, SqliteAdapter):
                # The server's reason may contain the window title.
                refused = adapter.models.Refused
                refused.delete().where(refused.uid.in_(uids)).execute()
            books.uncount(*(row for row in rows if not row["open"]))
            pieces = [piece for row in rows for piece in self._pieces(row)]
            for piece in pieces:
                books.put(piece)
            books.count(pieces)
        return rows

    def _pieces(self, row: Row) -> list[Row]:
        """Return the remaining parts of a session as new rows."""
        since, until = self._what.part(row)
        kept = {name: row[name] for name in _COPIED} | {"open": 0}
        return [
            kept | {"uid": new_uid(began), "started_at": began, "ended_at": ended}
            for began, ended in ((row["started_at"], since), (until, row["ended_at"]))
            if ended > began
        ]

    def _count(self, rows: list[Row]) -> None:
        for row in rows:
            since, until = self._what.part(row)
            self.done.sessions += 1
            self.done.clipped += (since, until) != (row["started_at"], row["ended_at"])
            self.done.ms += until - since


def forget(adapter: DatabaseAdapter, what: Selection) -> Forgotten:
    """Erase the whole selection; only while no instance is recording. See `Forgetting`."""
    work = Forgetting(what)
    while work.step(adapter):
        pass
    return work.done
