"""Prepared: a statement that Peewee puts into words once.

Recording repeats two statements for years; Peewee would spend longer on their
words, each time anew, than the database on their work.
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
        self._sql, self._parameters = make(marks).sql()

    def execute(self, values: Mapping[str, Any]) -> int:
        """Run it with `values` as the database takes them; return how many rows it wrote."""
        parameters = [values[it] if isinstance(it, _Mark) else it for it in self._parameters]
        return int(self._database.execute_sql(self._sql, parameters).rowcount)
