"""EntryWriter: adds, changes and deletes entries, and closes days. Sessions stay as they are."""

import socket
from dataclasses import replace
from enum import StrEnum

from reprospective_tray.errors import EntryError, EntryOverlapError
from reprospective_tray.messages import _, plural
from reprospective_tray.store.entries.wording import described, tidied
from reprospective_tray.store.model.entries import COLUMNS, Entry, entry_of
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.rows.closed_days import ClosedDays
from reprospective_tray.store.sqlite.rows.entry_rows import EntryRows
from reprospective_tray.system.clock import now_ms

_SHOWN = 3


class OnOverlap(StrEnum):
    """What becomes of the entries that a new one overlaps.

    They keep all their time and the new one is refused, they lose what overlaps, or they are
    deleted.
    """

    REFUSE = "refuse"
    CUT = "cut"
    REPLACE = "replace"


class EntryWriter:
    """Changes the entries of the local file; must be called in the adapter's `connection()`.

    Each method is one short transaction, so it works while the program records. They raise
    `ClosedDayError` if a closed day is touched, and `peewee.PeeweeException` if the file cannot
    be written; nothing was changed then.
    """

    def __init__(self, adapter: SqliteAdapter) -> None:
        """Write into the file of `adapter`; new entries are this computer's."""
        self._adapter = adapter
        self._rows = EntryRows(adapter.models)
        self._closed = ClosedDays(adapter.models)

    def add(self, *entries: Entry, on_overlap: OnOverlap = OnOverlap.REFUSE) -> tuple[Entry, ...]:
        """Add entries; return those that were cut or deleted for them, as they were.

        Raises:
            EntryError: a text or a time is out of bounds.
            EntryOverlapError: one overlaps others, and `on_overlap` is to refuse that.
        """
        wanted = [tidied(each) for each in entries]
        with self._adapter.writing():
            return tuple(gone for each in wanted for gone in self._put(each, on_overlap))

    def change(
        self, entry: Entry, *more: Entry, on_overlap: OnOverlap = OnOverlap.REFUSE
    ) -> tuple[Entry, ...]:
        """Give the entry with the uid of `entry` its values, and add `more`; see `add`.

        Raises:
            EntryError: there is no such entry, or a text or a time is out of bounds.
            EntryOverlapError: as for `add`.
        """
        entry, *others = (tidied(each) for each in (entry, *more))
        with self._adapter.writing():
            before = self._existing(entry.uid)
            if before == entry and not others:
                return ()
            self._closed.refuse(before)
            gone = list(self._put(entry, on_overlap, exists=True))
            for each in others:
                gone += self._put(each, on_overlap)
            return tuple(gone)

    def delete(self, uid: str) -> Entry:
        """Delete an entry; return it as it was.

        Raises:
            EntryError: there is no such entry.
        """
        with self._adapter.writing():
            entry = self._existing(uid)
            self._closed.refuse(entry)
            self._rows.bury([{"uid": uid}])
            return entry

    def close_day(self, day: str) -> bool:
        """Close an ISO date to changes of its entries; return whether it was open."""
        with self._adapter.writing():
            return self._closed.close(day, now_ms())

    def open_day(self, day: str) -> bool:
        """Open an ISO date again; return whether it was closed."""
        with self._adapter.writing():
            return self._closed.open(day)

    def _existing(self, uid: str) -> Entry:
        row = self._rows.get(uid)
        if row is None or row["deleted"]:
            raise EntryError(
                _("There is no entry {uid}.").format(uid=uid),
                _("`reprospective-tray entry list` shows the entries of a day."),
            )
        return entry_of(row)

    def _put(
        self, entry: Entry, on_overlap: OnOverlap, *, exists: bool = False
    ) -> tuple[Entry, ...]:
        """Insert an entry, or change it if it exists, and make room for it."""
        self._closed.refuse(entry)
        rows = self._rows.overlapping(entry.started_at, entry.ended_at, without=entry.uid)
        others = tuple(map(entry_of, rows))
        if others:
            self._make_room(entry, rows, on_overlap)
        values: Row = {name: getattr(entry, name) for name in COLUMNS}
        values["billable"] = int(entry.billable)
        if exists:
            self._rows.change(entry.uid, values)
        else:
            place = {"device_id": self._adapter.device_id, "source_host": socket.gethostname()}
            self._rows.insert(values | place)
        return others

    def _make_room(self, entry: Entry, rows: list[Row], on_overlap: OnOverlap) -> None:
        others = tuple(map(entry_of, rows))
        match on_overlap:
            case OnOverlap.REFUSE:
                raise _refused(others)
            case OnOverlap.REPLACE:
                self._closed.refuse(*others)
                self._rows.bury(rows)
            case OnOverlap.CUT:
                # By their own offset, what they lose may lie on another day than the new entry.
                self._closed.refuse(*(_shared(each, entry) for each in others))
                for row in rows:
                    self._rows.cut(row, entry.started_at, entry.ended_at)


def _shared(entry: Entry, other: Entry) -> Entry:
    """Return the part of `entry` that lies in the time of `other`."""
    return replace(
        entry,
        started_at=max(entry.started_at, other.started_at),
        ended_at=min(entry.ended_at, other.ended_at),
    )


def _refused(others: tuple[Entry, ...]) -> EntryOverlapError:
    names = [described(each) for each in others[:_SHOWN]]
    if more := len(others) - len(names):
        names.append(plural("{count} more", "{count} more", more).format(count=more))
    return EntryOverlapError(
        _("It overlaps {entries}.").format(entries=", ".join(names)),
        _("Add --cut to shorten what is there, or --replace to delete it."),
    )
