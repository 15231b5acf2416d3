"""EntryImport: writes imported entries by uid; those that are there keep their time."""

from reprospective_tray.store.model.entries import Entry, entry_of
from reprospective_tray.store.model.ids import derived_uid
from reprospective_tray.store.model.sessions import Interval, Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.rows.closed_days import ClosedDays
from reprospective_tray.store.sqlite.rows.entry_rows import EntryRows

_BATCH = 200


class EntryImport:
    """Collects entries and writes them in short transactions; must be called in `connection()`."""

    def __init__(self, adapter: SqliteAdapter) -> None:
        """Write into the file of `adapter`."""
        self._adapter = adapter
        self._rows = EntryRows(adapter.models)
        self._closed = ClosedDays(adapter.models)
        self._waiting: list[Row] = []
        self.stored = self.overlapping = 0

    def closed_day(self, row: Row) -> str | None:
        """Return a closed day that this row would change, or None."""
        return self._closed.first_of(self._changed(row, self._parts(row)))

    def add(self, row: Row) -> None:
        """Add a row.

        Raises:
            ClosedDayError: a day was closed meanwhile.
        """
        self._waiting.append(row)
        if len(self._waiting) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write the rows collected so far; see `add`."""
        if not self._waiting:
            return
        with self._adapter.writing():
            for row in self._waiting:
                is_new, parts = self._is_new(row), self._parts(row)
                self._closed.refuse(*self._changed(row, parts))
                for part in parts:
                    self._store(part)
                self.stored += bool(parts)
                self.overlapping += is_new and list(map(_time, parts)) != [_time(row)]
        self._waiting = []

    def _changed(self, row: Row, parts: list[Row]) -> list[Entry]:
        """Return what storing `parts` of a row changes: these, and what the row was before."""
        held = self._rows.get(row["uid"]) if parts else None
        return [entry_of(each) for each in (*parts, *([held] if held else []))]

    def _parts(self, row: Row) -> list[Row]:
        """Return the rows to store: none if it is known, else what no other entry has."""
        if not self._is_new(row):
            return []
        is_held = self._rows.get(row["uid"]) is not None
        parts = []
        for number, (start, end) in enumerate(self._rows.free(row)):
            keeps_uid = start == row["started_at"] or (is_held and not number)
            uid = row["uid"] if keeps_uid else derived_uid(start, row["uid"])
            if keeps_uid or self._rows.get(uid) is None:
                parts.append(row | {"uid": uid, "started_at": start, "ended_at": end})
        return parts

    def _is_new(self, row: Row) -> bool:
        held = self._rows.get(row["uid"])
        return held is None or not (held["deleted"] or held["revision"] >= row["revision"])

    def _store(self, row: Row) -> None:
        if self._rows.get(row["uid"]) is None:
            self._rows.insert(row)
        else:
            self._rows.replace(row["uid"], row)


def _time(row: Row) -> Interval:
    return row["started_at"], row["ended_at"]
