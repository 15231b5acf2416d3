"""Prepared: a statement whose SQL Peewee generates only once.

Recording repeats the same two statements, and a report repeats one query for each day. Generating
their SQL each time would take about as long as running them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import peewee


class _Mark(str):
    """A placeholder for the value of that name."""

    __slots__ = ()


class Prepared:
    """Runs one statement repeatedly with different values."""

    def __init__(
        self,
        database: peewee.Database,
        names: Iterable[str],
        make: Callable[[dict[str, Any]], Any],
    ) -> None:
        """Build the query by calling `make` with a placeholder for each of `names`."""
        self._database = database
        marks = {name: peewee.Value(_Mark(name), converter=False) for name in names}
        self._sql, self._parameters = database.get_sql_context().sql(make(marks)).query()

    def execute(self, values: Mapping[str, Any]) -> int:
        """Run it with `values`, already in the database's types; return the rows written."""
        return int(self._run(values).rowcount)

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        """Run it with `values`, already in the database's types; return its rows unconverted."""
        found: list[Any] = self._run(values).fetchall()
        return found

    def _run(self, values: Mapping[str, Any]) -> Any:
        parameters = [values[it] if isinstance(it, _Mark) else it for it in self._parameters]
        return self._database.execute_sql(self._sql, parameters)
