"""What makes lines bad that are sessions each: times to come, and overlaps where asked for."""

from pathlib import Path

from reprospective_tray.messages import _, plural
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.transfer.importers.checking import (
    BadPlaces,
    PlaceError,
    refuse_the_future,
)
from reprospective_tray.store.transfer.importers.import_batch import ImportOptions

_UIDS_A_QUERY = 500


class FileCheck:
    """Takes the lines of one file in order, and remembers which are bad."""

    def __init__(self, path: Path, now: int, options: ImportOptions) -> None:
        """Check the file at `path`, at `now` (ms since the epoch).

        Overlaps are bad where `options` are strict.
        """
        self._bad = BadPlaces(path, show_all=options.show_all)
        self._now = now
        self._strict = options.strict
        self._furthest: dict[str, tuple[Row, int]] = {}  # of each device, and its line
        self._beyond_now: list[tuple[int, Row]] = []

    def add(self, number: int, row: Row) -> None:
        """Take the session of line `number`.

        Raises:
            PlaceError: it cannot be kept.
        """
        refuse_the_future(row["ended_at"], self._now)
        if row["ended_at"] > self._now:
            self._beyond_now.append((number, row))
        if self._strict:
            self._refuse_overlap(number, row)

    def _refuse_overlap(self, number: int, row: Row) -> None:
        before = self._furthest.get(row["device_id"])
        if before is not None:
            last, its_line = before
            # Lines without an order are not compared: `export` writes them in order.
            meets = last["started_at"] <= row["started_at"] < last["ended_at"]
            if meets and row["ended_at"] > row["started_at"] and row["uid"] != last["uid"]:
                raise PlaceError(_("it overlaps {place}").format(place=self.place(its_line)))
        if before is None or row["ended_at"] > before[0]["ended_at"]:
            self._furthest[row["device_id"]] = row, number

    def refuse(self, number: int, reason: str) -> None:
        """Note that line `number` is bad."""
        self._bad.add(f"  {self.place(number)}: {reason}")

    def place(self, number: int) -> str:
        """Return what to call the place of this number."""
        return _("line {number}").format(number=number)

    def compare(self, adapter: DatabaseAdapter) -> None:
        """Refuse sessions of the database's own device that are yet to be lived.

        They would be in the way of recording. What is held already does no more
        harm. Use it inside the adapter's `connection()`.

        Raises:
            ImportFileError: there are such.
        """
        own = [each for each in self._beyond_now if each[1]["device_id"] == adapter.device_id]
        for first in range(0, len(own), _UIDS_A_QUERY):
            some = own[first : first + _UIDS_A_QUERY]
            held = _revisions(adapter, [row["uid"] for _number, row in some])
            for number, row in some:
                if held.get(row["uid"], 0) < row["revision"]:
                    self.refuse(number, _("it is this computer's own and ends in the future"))
        self.raise_if_bad()

    def raise_if_bad(self) -> None:
        """Say which lines are bad.

        Raises:
            ImportFileError: there are some.
        """
        if self._bad.count:
            what = self.heading(self._bad.count)
            self._bad.refuse(what.format(path=self._bad.path, count=self._bad.count), self.remedy())

    def heading(self, count: int) -> str:
        """Return the sentence that stands above the bad places."""
        return plural(
            "{path} has {count} bad line; nothing was taken:",
            "{path} has {count} bad lines; nothing was taken:",
            count,
        )

    def remedy(self) -> str:
        """Return what a person can do about them."""
        return _("Correct or remove these lines, then import the file again.")


def _revisions(adapter: DatabaseAdapter, uids: list[str]) -> dict[str, int]:
    table = adapter.models.Session
    found = table.select(table.uid, table.revision).where(table.uid.in_(uids))
    return dict(found.tuples())
