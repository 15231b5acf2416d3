"""Closed days: their entries are not changed until they are opened."""

from collections.abc import Iterable

from reprospective_tray.errors import ClosedDayError
from reprospective_tray.messages import _
from reprospective_tray.store.model.entries import Entry, days_of
from reprospective_tray.store.model.tables import LocalModels


class ClosedDays:
    """The closed days of a file; must be called in the adapter's `connection()`."""

    def __init__(self, models: LocalModels) -> None:
        """Take the models of the file."""
        self._table = models.ClosedDay

    def close(self, day: str, now: int) -> bool:
        """Close an ISO date at `now` (ms UTC); return whether it was open."""
        new = self._table.insert(day=day, closed_at=now).on_conflict_ignore()
        return bool(new.as_rowcount().execute())

    def open(self, day: str) -> bool:
        """Open an ISO date; return whether it was closed."""
        return bool(self._table.delete().where(self._table.day == day).execute())

    def first_of(self, entries: Iterable[Entry]) -> str | None:
        """Return the first closed day on which one of `entries` lies, or None."""
        closed = {day for (day,) in self._table.select(self._table.day).tuples()}
        if not closed:
            return None
        return min(
            (day for each in entries for day in days_of(each) if day in closed), default=None
        )

    def refuse(self, *entries: Entry) -> None:
        """Refuse a change of `entries` if one of them lies on a closed day.

        Raises:
            ClosedDayError: there is such a day.
        """
        if day := self.first_of(entries):
            raise ClosedDayError(
                _("{day} is closed. Nothing was changed.").format(day=day),
                _("Open it with: reprospective-tray entry open-day {day}").format(day=day),
            )
