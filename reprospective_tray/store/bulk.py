"""BulkWriter: many finished rows at once, by uid, for imports and salvage."""

from collections.abc import Sequence
from typing import Any

# The stubs leave it out.
from peewee import __exception_wrapper__ as translated_errors  # type: ignore[attr-defined]

from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.rollup import Rollup

# Short transactions, so that recording never waits; also SQLite's bound on variables.
_ROWS_A_STATEMENT = 1000


class BulkWriter:
    """Writes rows of `desktop_activity_sessions` that are closed; rows have all columns but `id`.

    Use it inside the adapter's `connection()`.
    """

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Write into `adapter`."""
        self._database: Any = adapter.database
        self._session = adapter.models.Session
        self._rollup = Rollup(adapter)
        meta = self._session._meta  # noqa: SLF001  peewee's public name for it
        fields = [field for field in meta.sorted_fields if field.name != "id"]
        self._names = [field.name for field in fields]
        columns = ", ".join(f'"{field.column_name}"' for field in fields)
        places = ", ".join([self._database.param] * len(fields))
        # S608: the names are the model's own.
        self._insert = f'INSERT INTO "{meta.table_name}" ({columns}) VALUES ({places})'  # noqa: S608

    def write(self, rows: Sequence[dict[str, Any]]) -> int:
        """Store what is new or newer than what is held, in short transactions.

        A row that is held in the same or a newer revision, is open here, or is a
        tombstone stays as it is. Returns how many rows were stored.
        """
        newest: dict[str, dict[str, Any]] = {}
        for row in rows:
            known = newest.get(row["uid"])
            if known is None or known["revision"] < row["revision"]:
                newest[row["uid"]] = row
        rows = list(newest.values())
        stored = 0
        for first in range(0, len(rows), _ROWS_A_STATEMENT):
            with self._database.atomic("IMMEDIATE"):
                stored += self._write(rows[first : first + _ROWS_A_STATEMENT])
        return stored

    def _write(self, rows: Sequence[dict[str, Any]]) -> int:
        table = self._session
        found = table.select(table.uid, table.revision).where(
            table.uid.in_([row["uid"] for row in rows])
        )
        revisions = dict(found.tuples())
        new = [row for row in rows if row["uid"] not in revisions]
        if new:
            # Past the query builder: it is four fifths of the time of an insert.
            values = [tuple(row[name] for name in self._names) for row in new]
            with translated_errors:
                self._database.cursor().executemany(self._insert, values)
        newer = {
            row["uid"]: row
            for row in rows
            if row["uid"] in revisions and revisions[row["uid"]] < row["revision"]
        }
        changed = self._replace(newer) if newer else []
        self._rollup.add(row for row in [*new, *changed] if not row["deleted"])
        return len(new) + len(changed)

    def _replace(self, newer: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Change closed, living rows to their newer revisions; return those that were taken."""
        table = self._session
        held = table.select().where(table.uid.in_(list(newer)), table.deleted == 0, table.open == 0)
        changed = []
        for old in list(held.dicts()):
            row = newer[old["uid"]]
            table.update(row).where(table.uid == row["uid"]).execute()
            self._rollup.remove(old)
            changed.append(row)
        return changed
