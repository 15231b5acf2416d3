"""Columns that are one thing here and another in the database: instants, days, ids.

On the Python side an instant is an integer, ms since the epoch, UTC, and a day
is its ISO date, whichever database it comes from. What computes with instants
inside the database goes through `ms` (and `ranges.lived`).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import peewee

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(column: Any) -> Any:
    """Return an instant's column as a number of ms, for use within a query."""
    return column.as_ms


class InstantField(peewee.BigIntegerField):
    """An instant in SQLite: the very number."""

    @property
    def as_ms(self) -> Any:
        """The column as a number."""
        return self


class ServerInstantField(peewee.Field):
    """An instant in PostgreSQL: a timestamptz, exact to the ms."""

    field_type = "TIMESTAMPTZ"
    unit = timedelta(milliseconds=1)

    @property
    def as_ms(self) -> Any:
        """The column as a number."""
        # Without coerce: peewee would take the number for what the column holds.
        return peewee.Function("reprospective.to_ms", (self,), coerce=False)

    def db_value(self, value: int | None) -> datetime | None:
        """Return what PostgreSQL takes for an integer."""
        return None if value is None else _EPOCH + value * self.unit

    def python_value(self, value: datetime | None) -> int | None:
        """Return the integer for what PostgreSQL gives."""
        return None if value is None else (value - _EPOCH) // self.unit


class ServerMicrosecondField(ServerInstantField):
    """An instant in PostgreSQL to its last digit: an integer of microseconds."""

    unit = timedelta(microseconds=1)


class ServerDayField(peewee.Field):
    """A date in PostgreSQL, its ISO text here."""

    field_type = "DATE"

    def python_value(self, value: date | None) -> str | None:
        """Return the ISO text for what PostgreSQL gives."""
        return None if value is None else value.isoformat()
