"""SqliteRowWriter: inserts many finished rows at once, by uid, for imports and salvage."""

from collections.abc import Sequence
from typing import Any

# Missing in the stubs.
from peewee import __exception_wrapper__ as translated_errors  # type: ignore[attr-defined]

from reprospective_tray.store.engine.row_writer import LeftOut
from reprospective_tray.store.model.bounds import bounded
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals
from reprospective_tray.store.sqlite.rows.forgotten_ranges import ForgottenRanges

# Keeps transactions short, so that recording is not blocked, and below SQLite's variable limit.
_ROWS_A_STATEMENT = 1000


class SqliteRowWriter:
    """Writes closed rows of `desktop_activity_sessions`, given with all columns except `id`.

    Rows in a forgotten range are skipped. A row that retention removed is restored only in the
    same revision, without changing the totals, which still include it. In any other revision it is
    skipped: its share of the totals is no longer known, and the server has the newest version.
    Must be called in the adapter's `connection()`.
    """

    def __init__(self, adapter: SqliteAdapter, *, restoring: bool = False) -> None:
        """Write into `adapter`; `restoring` is for its own recovered rows, none forgotten."""
        self.left_out = LeftOut()
        self._restoring = restoring
        self._database: Any = adapter.database
        self._models = adapter.models
        self._session = adapter.models.Session
        self._rollup = DailyTotals(adapter)
        meta = self._session._meta  # noqa: SLF001  peewee's public name for it
        fields = [field for field in meta.sorted_fields if field.name != "id"]
        self._names = [field.name for field in fields]
        columns = ", ".join(f'"{field.column_name}"' for field in fields)
        places = ", ".join([self._database.param] * len(fields))
        # S608: the names are the model's own.
        self._insert = f'INSERT INTO "{meta.table_name}" ({columns}) VALUES ({places})'  # noqa: S608

    def write(self, rows: Sequence[Row]) -> int:
        """Store rows that are new or of a newer revision, in short transactions; return how many.

        A stored row stays unchanged if it has the same or a newer revision, is open, or is a
        tombstone.
        """
        newest: dict[str, Row] = {}
        for row in map(bounded, rows):
            known = newest.get(row["uid"])
            if known is None or known["revision"] < row["revision"]:
                newest[row["uid"]] = row
        rows = list(newest.values())
        stored = 0
        for first in range(0, len(rows), _ROWS_A_STATEMENT):
            with self._database.atomic("IMMEDIATE"):
                stored += self._write(rows[first : first + _ROWS_A_STATEMENT])
        return stored

    def _write(self, rows: Sequence[Row]) -> int:
        table = self._session
        returning, rows = self._sift(rows)
        found = table.select(table.uid, table.revision).where(
            table.uid.in_([row["uid"] for row in rows])
        )
        revisions = dict(found.tuples())
        new = [row for row in rows if row["uid"] not in revisions]
        if new or returning:
            # Bypass the query builder, which takes four fifths of the time of an insert.
            values = [tuple(row[name] for name in self._names) for row in [*new, *returning]]
            with translated_errors:
                self._database.cursor().executemany(self._insert, values)
        newer = {
            row["uid"]: row
            for row in rows
            if row["uid"] in revisions and revisions[row["uid"]] < row["revision"]
        }
        changed = self._replace(newer) if newer else []
        self._rollup.add(row for row in [*new, *changed] if not row["deleted"])
        return len(new) + len(changed) + len(returning)

    def _sift(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """Return the rows restored after retention, and all others that may be written."""
        taken = self._models.Taken
        ranges = ForgottenRanges(self._models)
        if not self._restoring:
            remembered = [row for row in rows if not ranges.hold(row)]
            self.left_out.forgotten += len(rows) - len(remembered)
            rows = remembered
        found = taken.select(taken.uid, taken.revision).where(
            taken.uid.in_([row["uid"] for row in rows])
        )
        revisions = dict(found.tuples())
        if self._restoring:
            # Their totals are restored with them and are not part of the other restored totals.
            taken.delete().where(taken.uid.in_(list(revisions))).execute()
            revisions = {}
        if not revisions:
            return [], list(rows)
        returning, others = [], []
        for row in rows:
            revision = revisions.get(row["uid"])
            if revision is None:
                others.append(row)
            elif revision == row["revision"] and not ranges.touch_day_of(row):
                returning.append(row)
            else:
                self.left_out.on_server += 1
        taken.delete().where(taken.uid.in_([row["uid"] for row in returning])).execute()
        return returning, others

    def _replace(self, newer: dict[str, Row]) -> list[Row]:
        """Replace closed, non-deleted rows with newer revisions; return the rows written."""
        table = self._session
        held = table.select().where(table.uid.in_(list(newer)), table.deleted == 0, table.open == 0)
        changed = []
        for old in list(held.dicts()):
            row = newer[old["uid"]]
            table.update(row).where(table.uid == row["uid"]).execute()
            self._rollup.remove(old)
            changed.append(row)
        return changed
