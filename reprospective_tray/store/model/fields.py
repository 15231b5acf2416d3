"""Fields that convert between Python values and the database's types: instants and days.

In Python an instant is an integer (ms since the epoch, UTC) and a day is an ISO date, for both
databases. Arithmetic with instants inside a query must use `ms` (and `ranges.lived`).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import peewee

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms(column: Any) -> Any:
    """Return an instant's column as a number of ms, for use in a query."""
    return column.as_ms


class InstantField(peewee.BigIntegerField):
    """An instant in SQLite, stored as the integer itself."""

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
        # With coerce, peewee would convert the number as if it were the column's own type.
        return peewee.Function("reprospective.to_ms", (self,), coerce=False)

    def db_value(self, value: int | None) -> datetime | None:
        """Convert the integer to a datetime for PostgreSQL."""
        return None if value is None else _EPOCH + value * self.unit

    def python_value(self, value: datetime | None) -> int | None:
        """Convert PostgreSQL's datetime to the integer."""
        return None if value is None else (value - _EPOCH) // self.unit


class ServerMicrosecondField(ServerInstantField):
    """An instant in PostgreSQL in full precision: an integer of microseconds."""

    unit = timedelta(microseconds=1)


class ServerDayField(peewee.Field):
    """A date in PostgreSQL, an ISO date string in Python."""

    field_type = "DATE"

    def python_value(self, value: date | None) -> str | None:
        """Convert PostgreSQL's date to its ISO string."""
        return None if value is None else value.isoformat()
