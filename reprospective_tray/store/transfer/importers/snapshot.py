"""Imports a snapshot of `export --snapshot`: sessions and entries by uid, like JSONL lines.

The file is opened read-only. Forgotten rows are skipped. The daily totals of sessions that
retention had removed are not imported, because they cannot be separated from the totals here.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _, plural
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.sqlite import integrity_check
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.file.errors import is_damage
from reprospective_tray.store.transfer.export import iso_utc
from reprospective_tray.store.transfer.importers.checking import PlaceError
from reprospective_tray.store.transfer.importers.import_batch import (
    Imported,
    ImportOptions,
    Privacy,
    Progress,
    reading,
)
from reprospective_tray.store.transfer.importers.jsonl.check import FileCheck
from reprospective_tray.store.transfer.importers.jsonl.entry_line import EntryLine
from reprospective_tray.store.transfer.importers.jsonl.importer import (
    JsonlSource,
    check_and_take,
    local_reader,
)
from reprospective_tray.store.transfer.importers.jsonl.line import LONGEST_LINE, Line, LineReader
from reprospective_tray.system.clock import now_ms

_HEADER = b"SQLite format 3\0"
_SESSIONS, _TAKEN = "desktop_activity_sessions", "desktop_activity_taken"
_COUNT = "SELECT count(*) FROM desktop_activity_sessions WHERE deleted = 0"
_COLUMNS = (
    *("uid", "device_id", "source_host", "state", "application_name", "window_title"),
    *("started_at", "ended_at", "utc_offset_minutes", "revision"),
)
_ROWS = """
SELECT uid, device_id, source_host, state, application_name, window_title,
    started_at, ended_at, utc_offset_minutes, revision, id
FROM desktop_activity_sessions WHERE deleted = 0 ORDER BY started_at, id
"""
_ENTRIES = "desktop_activity_entries"
_ENTRY_COLUMNS = (
    *("uid", "device_id", "source_host", "category", "note", "billable"),
    *("started_at", "ended_at", "utc_offset_minutes", "revision"),
)
_ENTRY_ROWS = f"""
SELECT {", ".join(_ENTRY_COLUMNS)}, id
FROM {_ENTRIES} WHERE deleted = 0 ORDER BY started_at, id
"""  # noqa: S608  built only from this module's constants
_TAKEN_UIDS = "SELECT uid FROM desktop_activity_taken"
_UIDS_A_QUERY = 500
_USUAL = ImportOptions()


def is_sqlite(path: Path) -> bool:
    """Return whether the file at `path` is a SQLite database, by its first bytes."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(len(_HEADER)) == _HEADER
    return False


def import_snapshot(
    path: Path,
    adapter: DatabaseAdapter,
    *,
    privacy: Privacy,
    progress: Progress,
    options: ImportOptions = _USUAL,
) -> Imported:
    """Import the sessions of the snapshot at `path`; for the arguments see `import_jsonl`.

    Sessions are clipped by stored ones as with JSONL.

    Raises:
        ImportFileError: it cannot be read, is not a snapshot or has bad rows; nothing was imported.
        StoreError: the database cannot be written; imported rows are kept and a repeat continues.
    """
    with reading(path, adapter) as file:
        size = os.fstat(file.fileno()).st_size
        tables = _tables(path)
        with closing(integrity_check.open_unchanged(path)) as connection:
            snapshot = _Snapshot(path, connection, has_entries=_ENTRIES in tables)
            check = _RowCheck(path, adapter, options)
            entries = partial(snapshot.entries, size)
            source = JsonlSource(path, size, entries, snapshot.read, snapshot.reader, check)
            done = check_and_take(
                source, adapter, privacy=privacy, progress=progress, options=options
            )
            if _TAKEN in tables and isinstance(adapter, SqliteAdapter):
                done = replace(done, totals_alone=snapshot.count_totals_alone(adapter))
            return done


class _RowCheck(FileCheck):
    """Reports bad rows by their `id`, with a remedy for snapshots."""

    def __init__(self, path: Path, adapter: DatabaseAdapter, options: ImportOptions) -> None:
        super().__init__(path, now_ms(), options)
        self._remedy = how_to_put_back(path, adapter)

    def place(self, number: int) -> str:
        return _("row {number}").format(number=number)

    def heading(self, count: int) -> str:
        return plural(
            "{path} has {count} bad row. Nothing was imported:",
            "{path} has {count} bad rows. Nothing was imported:",
            count,
        )

    def remedy(self) -> str:
        return self._remedy


class _Snapshot:
    """Reads one snapshot in a single transaction."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, has_entries: bool) -> None:
        self._path = path
        self._connection = connection
        self._has_entries = has_entries
        self.reader: LineReader = local_reader()
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_LINE)
        connection.isolation_level = None
        # Keep titles out of the system's temporary files; do not run code in the file's schema.
        for statement in ("PRAGMA temp_store = MEMORY", "PRAGMA trusted_schema = OFF", "BEGIN"):
            list(self._rows(statement))

    def entries(self, size: int) -> Iterator[tuple[int, int, tuple[tuple[str, ...], list[Any]]]]:
        """Yield id, bytes of `size` read so far and content of each session, then of each entry.

        The content is the columns' names and the row's values. Deleted rows are left out.
        """
        ((count,),) = self._rows(_COUNT)
        for number, (*values, row_id) in enumerate(self._rows(_ROWS), 1):
            yield row_id, size * number // count, (_COLUMNS, values)
        if self._has_entries:
            for *values, row_id in self._rows(_ENTRY_ROWS):
                yield row_id, size, (_ENTRY_COLUMNS, values)

    def read(self, content: tuple[tuple[str, ...], Sequence[Any]]) -> list[Row]:
        """Return the rows as for a line of JSONL.

        Raises:
            PlaceError: it is not a valid session or entry.
        """
        columns, values = content
        said = dict(zip(columns, values, strict=True))
        for key in ("started_at", "ended_at"):
            try:
                said[key] = iso_utc(said[key])
            except (OverflowError, TypeError):
                raise PlaceError(
                    _("{key} is not a time in milliseconds: {value}").format(
                        key=key, value=ascii(said[key])[:40]
                    )
                ) from None
        try:
            if columns is _ENTRY_COLUMNS:
                said["billable"] = bool(said["billable"])
                return self.reader.entry_rows(msgspec.convert(said, EntryLine))
            return self.reader.rows(msgspec.convert(said, Line))
        except msgspec.ValidationError as error:
            raise PlaceError(str(error)) from None

    def count_totals_alone(self, adapter: SqliteAdapter) -> int:
        """Return how many sessions removed by retention are unknown to `adapter`."""
        count = 0
        uids = self._rows(_TAKEN_UIDS)
        with adapter.connection():
            while some := [uid for (uid,) in islice(uids, _UIDS_A_QUERY)]:
                unknown = set(some)
                for table in (adapter.models.Session, adapter.models.Taken):
                    found = table.select(table.uid).where(table.uid.in_(some)).tuples()
                    unknown -= {uid for (uid,) in found}
                count += len(unknown)
        return count

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query)
        except sqlite3.Error as error:
            raise _unreadable(self._path, error) from error


def how_to_put_back(path: Path, adapter: DatabaseAdapter) -> str:
    """Return instructions for restoring a snapshot completely, including its daily totals."""
    if not isinstance(adapter, SqliteAdapter):
        return ""
    return _(
        "To restore everything as it was, quit the program and copy {path} over {place}."
        " This replaces what is recorded there."
    ).format(path=path, place=adapter.place)


def _tables(path: Path) -> frozenset[str]:
    """Return the names of the snapshot's tables; refuse a file that is not a snapshot."""
    try:
        facts = integrity_check.look(path)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    if _SESSIONS not in facts.tables:
        raise ImportFileError(
            _("{path} is a database, but not a snapshot of this program.").format(path=path),
            _("Import what `export` or `export --snapshot` wrote, or ActivityWatch's JSON."),
        )
    if facts.schema_version > facts.schema_version_here:
        raise ImportFileError(
            _("The database {path} was written by a newer version.").format(path=path),
            _("Install the newest version of reprospective-tray."),
        )
    return facts.tables


def _unreadable(path: Path, error: sqlite3.Error) -> ImportFileError:
    if is_damage(error):
        return ImportFileError(
            _("The database {path} is damaged.").format(path=path),
            _("Import another snapshot."),
        )
    return ImportFileError(
        _("{path} cannot be read: {reason}.").format(path=path, reason=error),
        _("Check the name and the file's rights."),
    )
