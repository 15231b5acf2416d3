"""Prepared: a statement that Peewee puts into words once.

Recording repeats two statements for years, and looking back one question with each
day; Peewee would spend about as long on their words, each time anew, as the database
on their work.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import peewee


class _Mark(str):
    """Stands where a value of that name will go."""

    __slots__ = ()


class Prepared:
    """Runs one statement with other values each time."""

    def __init__(
        self,
        database: peewee.Database,
        names: Iterable[str],
        make: Callable[[dict[str, Any]], Any],
    ) -> None:
        """Let `make` build the query from stand-ins for the values of `names`."""
        self._database = database
        marks = {name: peewee.Value(_Mark(name), converter=False) for name in names}
        self._sql, self._parameters = database.get_sql_context().sql(make(marks)).query()

    def execute(self, values: Mapping[str, Any]) -> int:
        """Run it with `values` as the database takes them; return how many rows it wrote."""
        return int(self._run(values).rowcount)

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        """Run it with `values` as the database takes them; return its rows as it gives them."""
        found: list[Any] = self._run(values).fetchall()
        return found

    def _run(self, values: Mapping[str, Any]) -> Any:
        parameters = [values[it] if isinstance(it, _Mark) else it for it in self._parameters]
        return self._database.execute_sql(self._sql, parameters)
