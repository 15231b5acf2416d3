"""Queries for entries and closed days."""

from typing import Any

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.bounds import EARLIEST_MS, LATEST_MS, LONGEST_MS
from reprospective_tray.store.model.entries import (
    COLUMNS,
    Entry,
    days_of,
    entry_of,
    without_overlaps,
)
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS, DayRange
from reprospective_tray.store.model.tables import SERVER_SCHEMA
from reprospective_tray.store.sqlite.adapter import SqliteAdapter


class EntryQueries:
    """Queries for entries; must be called in the adapter's `connection()`.

    The local file and the server have entries; those of older versions have none. Of the server,
    these are the entries of this role. Only the local file has closed days.
    """

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Query the database of `adapter`."""
        self._adapter = adapter

    def between(self, start_ms: int, end_ms: int) -> tuple[Entry, ...]:
        """Return the entries that overlap [`start_ms`, `end_ms`) (ms UTC), ordered by start.

        Those of several computers are cut so that none overlap, see `without_overlaps`.
        """
        models = self._models_with("desktop_activity_entries")
        if models is None:
            return ()
        entry = models.Entry
        # The server's instants are limited to the years 1 to 9999.
        start_ms, end_ms = max(start_ms, EARLIEST_MS), min(end_ms, LATEST_MS)
        rows = (
            entry.select(*(getattr(entry, name) for name in COLUMNS))
            .where(
                entry.deleted == 0,
                entry.started_at < end_ms,
                # No entry is longer, so the index on the start bounds the search.
                entry.started_at > start_ms - LONGEST_MS,
                entry.ended_at > start_ms,
                *self._adapter.of_this_person(entry),
            )
            .order_by(entry.started_at, entry.uid)
        )
        found = without_overlaps(map(entry_of, rows.dicts()))
        # A cut may have left parts outside.
        return tuple(
            each for each in found if each.started_at < end_ms and each.ended_at > start_ms
        )

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
        schema = None if isinstance(self._adapter, SqliteAdapter) else SERVER_SCHEMA
        exists = self._adapter.database.table_exists(table, schema)
        return self._adapter.models if exists else None
