"""PostgresRowWriter: inserts finished rows into the central database in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from reprospective_tray.store.engine.row_writer import LeftOut
from reprospective_tray.store.model.bounds import bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprospective_tray.store.engine.adapter import DatabaseAdapter

_ROWS_A_STATEMENT = 1000
_TEXTS = ("source_host", "state", "application_name", "window_title")
_NUMBERS = ("process_id", "utc_offset_minutes", "open", "deleted", "revision")
_INSTANTS = ("started_at", "ended_at")
_COLUMNS = ("device_id", *_TEXTS, *_NUMBERS, *_INSTANTS)
_TYPES = ", ".join(
    [
        "uid uuid, device_id uuid",
        *(f"{name} text" for name in _TEXTS),
        *(f"{name} integer" for name in _NUMBERS),
        *(f"{name} bigint" for name in _INSTANTS),
    ]
)
_VALUES = ", ".join(
    f"reprospective.from_ms(r.{name})" if name in _INSTANTS else f"r.{name}" for name in _COLUMNS
)
# S608: built only from this module's constants.
_WRITE = f"""
INSERT INTO reprospective.desktop_activity_sessions AS held (uid, {", ".join(_COLUMNS)})
SELECT r.uid, {_VALUES} FROM json_to_recordset(%s::json) AS r ({_TYPES})
ON CONFLICT (uid) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)},
    received_at = clock_timestamp()
WHERE held.deleted = 0 AND held.open = 0 AND held.revision < excluded.revision
"""  # noqa: S608


class PostgresRowWriter:
    """Writes closed rows, up to 1,000 per statement; see `RowWriter`."""

    def __init__(self, adapter: DatabaseAdapter) -> None:
        """Write into `adapter`."""
        self.left_out = LeftOut()  # always zero: the server keeps every row that was sent
        self._adapter = adapter

    def write(self, rows: Sequence[dict[str, Any]]) -> int:
        """Store rows that are new or of a newer revision; return how many."""
        newest: dict[str, dict[str, Any]] = {}
        for row in map(bounded, rows):
            known = newest.get(row["uid"])
            if known is None or known["revision"] < row["revision"]:
                newest[row["uid"]] = row
        rows = list(newest.values())
        return sum(
            self._write(rows[first : first + _ROWS_A_STATEMENT])
            for first in range(0, len(rows), _ROWS_A_STATEMENT)
        )

    def _write(self, rows: Sequence[dict[str, Any]]) -> int:
        sent = msgspec.json.encode(rows).decode()
        return int(self._adapter.database.execute_sql(_WRITE, (sent,)).rowcount)
