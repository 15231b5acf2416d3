"""Erases sessions: here at once, and on the server with the next pass.

What to forget is a `Selection`: sessions that somebody chose, or a range of
time (`time_range`). A session that goes becomes a tombstone without names; of
one that goes in part, the rest stays as new sessions with uids of their own.
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

# A transaction of these takes some ms; recording goes on between two of them.
_ROWS_A_STEP = 20
_COPIED = (
    *("device_id", "source_host", "state", "application_name", "window_title"),
    *("process_id", "utc_offset_minutes"),
)
# The server takes nothing else for one.
_UID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")


@dataclass(slots=True)
class Forgotten:
    """What went.

    Attributes:
        sessions: How many sessions went, wholly or in part.
        clipped: How many of them were cut at a border; the rest of them stays.
        ms: How much time went with them.
        totals: How many days' totals went because retention had taken their sessions.
        ordered: Whether the server is told to forget the range, beside the sessions.
        missing: How many of the chosen sessions are not here: gone already, kept on the server
            alone, or another computer's.
        scrubbed: Whether no byte of it is left in the database's files.
        other_files: Files beside the database that may still hold some of it.
    """

    sessions: int = 0
    clipped: int = 0
    ms: int = 0
    totals: int = 0
    ordered: bool = False
    missing: int = 0
    scrubbed: bool = True
    other_files: list[str] = field(default_factory=list)

    def add(self, later: "Forgotten") -> None:
        """Count what went next, too; how the files are now is what was found then."""
        self.sessions += later.sessions
        self.clipped += later.clipped
        self.ms += later.ms
        self.totals += later.totals
        self.ordered |= later.ordered
        self.missing += later.missing
        self.scrubbed, self.other_files = later.scrubbed, later.other_files


class Selection(ABC):
    """What is to be forgotten; it serves once, inside the adapter's `connection()`."""

    @abstractmethod
    def begin(self, adapter: DatabaseAdapter) -> None:
        """Start with the first session of `adapter`; it may be in place of another adapter."""

    @abstractmethod
    def next(self, adapter: DatabaseAdapter, most: int) -> list[Row]:
        """Return up to `most` living sessions that nobody has got yet; none at the end."""

    @abstractmethod
    def part(self, row: Row) -> tuple[int, int]:
        """Return the beginning and the end of what goes of a session."""

    @abstractmethod
    def finish(self, adapter: DatabaseAdapter, done: Forgotten) -> None:
        """Do what is left to do once the sessions are gone, and note it."""


class ChosenSessions(Selection):
    """Sessions by their uids, each of them whole, and nothing else.

    What retention has taken from here is not among them: it is missing.
    """

    def __init__(self, uids: Iterable[str]) -> None:
        """Choose the sessions of `uids`; it does no harm if some are unknown."""
        self._uids = list(dict.fromkeys(uids))
        self._known = [uid for uid in self._uids if _UID.fullmatch(uid)]
        self._reached = 0
        self._found: set[str] = set()

    def holds_open_one(self, adapter: DatabaseAdapter) -> bool:
        """Tell whether a session that goes on is among them."""
        session = adapter.models.Session
        # Written out, not bound: the partial index on open rows serves this very term.
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
    """Forgets in short steps.

    Where an instance records, steps go to its recording thread, and the session
    that goes on there must have begun after all that is forgotten.
    """

    def __init__(self, what: Selection) -> None:
        """Forget `what`."""
        self._what = what
        self._adapter: DatabaseAdapter | None = None
        self._books: RowAccounting | None = None
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
                _("What can be read of the damaged database is still being taken over."),
                _("Let the program run for a while, then run the same command again."),
            )
        self._adapter, self._books = adapter, make_row_accounting(adapter)
        self._what.begin(adapter)

    def _erase(self, adapter: DatabaseAdapter) -> list[Row]:
        """Leave tombstones of the next sessions and what stays of them; return what they were."""
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
                # The server's reason may quote the title.
                refused = adapter.models.Refused
                refused.delete().where(refused.uid.in_(uids)).execute()
            books.uncount(*(row for row in rows if not row["open"]))
            pieces = [piece for row in rows for piece in self._pieces(row)]
            for piece in pieces:
                books.put(piece)
            books.count(pieces)
        return rows

    def _pieces(self, row: Row) -> list[Row]:
        """Return what stays of a session, as new ones."""
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
    """Forget everything at once, where no instance records; see `Forgetting`."""
    work = Forgetting(what)
    while work.step(adapter):
        pass
    return work.done
