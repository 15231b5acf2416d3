"""Checks the lines of a JSONL file: times in the future, closed days, and overlaps if strict."""

from pathlib import Path

from reprospective_tray.messages import _, plural
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.importers.checking import (
    BadPlaces,
    PlaceError,
    refuse_the_future,
)
from reprospective_tray.store.transfer.importers.entry_import import EntryImport
from reprospective_tray.store.transfer.importers.import_batch import ImportOptions

_UIDS_A_QUERY = 500


class FileCheck:
    """Checks the lines of one file in order and collects the bad ones."""

    def __init__(self, path: Path, now: int, options: ImportOptions) -> None:
        """Check the file at `path`, at the time `now` (ms since the epoch, UTC).

        Overlaps are errors if `options` are strict.
        """
        self._bad = BadPlaces(path, show_all=options.show_all)
        self._now = now
        self._strict = options.strict
        self._furthest: dict[str, tuple[Row, int]] = {}  # device → row with the latest end, line
        self._beyond_now: list[tuple[int, Row]] = []
        self._entries: list[tuple[int, Row]] = []

    def add(self, number: int, row: Row) -> None:
        """Check the session of line `number`.

        Raises:
            PlaceError: it cannot be imported.
        """
        refuse_the_future(row["ended_at"], self._now)
        if row["ended_at"] > self._now:
            self._beyond_now.append((number, row))
        if self._strict:
            self._refuse_overlap(number, row)

    def add_entry(self, number: int, row: Row) -> None:
        """Check the entry of line `number`; it may lie in the future.

        Raises:
            PlaceError: it cannot be imported.
        """
        if self._strict and self._entries:
            its_line, last = self._entries[-1]
            meets = last["started_at"] <= row["started_at"] < last["ended_at"]
            if meets and row["uid"] != last["uid"]:
                raise PlaceError(_("it overlaps {place}").format(place=self.place(its_line)))
        self._entries.append((number, row | {"category": "", "note": ""}))

    def _refuse_overlap(self, number: int, row: Row) -> None:
        before = self._furthest.get(row["device_id"])
        if before is not None:
            last, its_line = before
            # Only lines in order of start are compared, because `export` writes them in order.
            meets = last["started_at"] <= row["started_at"] < last["ended_at"]
            if meets and row["ended_at"] > row["started_at"] and row["uid"] != last["uid"]:
                raise PlaceError(_("it overlaps {place}").format(place=self.place(its_line)))
        if before is None or row["ended_at"] > before[0]["ended_at"]:
            self._furthest[row["device_id"]] = row, number

    def refuse(self, number: int, reason: str) -> None:
        """Record line `number` as bad."""
        self._bad.add(f"  {self.place(number)}: {reason}")

    def place(self, number: int) -> str:
        """Return the name of place `number` for messages."""
        return _("line {number}").format(number=number)

    def compare(self, adapter: DatabaseAdapter) -> None:
        """Refuse sessions of the database's own device that lie in the future.

        They would overlap with recording. Entries that would change a closed day are refused,
        too. What is already stored is accepted. Must be called in the adapter's `connection()`.

        Raises:
            ImportFileError: there are such sessions or entries.
        """
        own = [each for each in self._beyond_now if each[1]["device_id"] == adapter.device_id]
        for first in range(0, len(own), _UIDS_A_QUERY):
            some = own[first : first + _UIDS_A_QUERY]
            held = _revisions(adapter, [row["uid"] for _number, row in some])
            for number, row in some:
                if held.get(row["uid"], 0) < row["revision"]:
                    self.refuse(number, _("it is this computer's own and ends in the future"))
        if isinstance(adapter, SqliteAdapter):
            self._compare_entries(EntryImport(adapter))
        self.raise_if_bad()

    def _compare_entries(self, taking: EntryImport) -> None:
        for number, row in self._entries:
            if day := taking.closed_day(row):
                text = _("{day} is closed (open it with `reprospective-tray entry open-day {day}`)")
                self.refuse(number, text.format(day=day))

    def raise_if_bad(self) -> None:
        """Report the bad lines, if any.

        Raises:
            ImportFileError: there are bad lines.
        """
        if self._bad.count:
            what = self.heading(self._bad.count)
            self._bad.refuse(what.format(path=self._bad.path, count=self._bad.count), self.remedy())

    def heading(self, count: int) -> str:
        """Return the heading of the list of bad places."""
        return plural(
            "{path} has {count} bad line. Nothing was imported:",
            "{path} has {count} bad lines. Nothing was imported:",
            count,
        )

    def remedy(self) -> str:
        """Return the remedy for the user."""
        return _("Correct or remove these lines, then import the file again.")


def _revisions(adapter: DatabaseAdapter, uids: list[str]) -> dict[str, int]:
    table = adapter.models.Session
    found = table.select(table.uid, table.revision).where(table.uid.in_(uids))
    return dict(found.tuples())
