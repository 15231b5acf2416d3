"""Queries for entries and closed days."""

from typing import Any

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.bounds import LONGEST_MS
from reprospective_tray.store.model.entries import COLUMNS, Entry, days_of, entry_of
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS, DayRange
from reprospective_tray.store.sqlite.adapter import SqliteAdapter


class EntryQueries:
    """Queries for entries; must be called in the adapter's `connection()`.

    Only the local file has entries. One that an older version wrote, opened for reading, has none.
    """

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Query the database of `adapter`."""
        self._adapter = adapter

    def between(self, start_ms: int, end_ms: int) -> tuple[Entry, ...]:
        """Return the entries that overlap [`start_ms`, `end_ms`) (ms UTC), ordered by start."""
        models = self._models_with("desktop_activity_entries")
        if models is None:
            return ()
        entry = models.Entry
        rows = (
            entry.select(*(getattr(entry, name) for name in COLUMNS))
            .where(
                entry.deleted == 0,
                entry.started_at < end_ms,
                # No entry is longer, so the index on the start bounds the search.
                entry.started_at > start_ms - LONGEST_MS,
                entry.ended_at > start_ms,
            )
            .order_by(entry.started_at, entry.uid)
        )
        return tuple(map(entry_of, rows.dicts()))

    def on(self, days: DayRange) -> tuple[Entry, ...]:
        """Return the entries that lie at least partly on `days`, as lived, ordered by start."""
        near = self.between(days.begin - LARGEST_OFFSET_MS, days.end + LARGEST_OFFSET_MS)
        return tuple(each for each in near if any(map(days.holds, days_of(each))))

    def beginning(self, said: str) -> tuple[Entry, ...]:
        """Return the entries whose uid begins with `said`, ordered by uid."""
        models = self._models_with("desktop_activity_entries")
        if models is None:
            return ()
        entry = models.Entry
        rows = entry.select().where(entry.deleted == 0, entry.uid.startswith(said.strip()))
        return tuple(map(entry_of, rows.order_by(entry.uid).dicts()))

    def uids(self) -> tuple[str, ...]:
        """Return the uids of all entries, in order."""
        models = self._models_with("desktop_activity_entries")
        if models is None:
            return ()
        entry = models.Entry
        rows = entry.select(entry.uid).where(entry.deleted == 0).order_by(entry.uid)
        return tuple(uid for (uid,) in rows.tuples())

    def closed_days(self, days: DayRange) -> tuple[str, ...]:
        """Return the closed days of the range as ISO dates, in order."""
        models = self._models_with("desktop_activity_closed_days")
        if models is None:
            return ()
        day = models.ClosedDay.day
        rows = models.ClosedDay.select(day).where(
            day.between(days.first.isoformat(), days.last.isoformat())
        )
        return tuple(name for (name,) in rows.order_by(day).tuples())

    def _models_with(self, table: str) -> Any:
        """Return the models if the database has `table`, else None."""
        if not isinstance(self._adapter, SqliteAdapter):
            return None
        return self._adapter.models if self._adapter.database.table_exists(table) else None
