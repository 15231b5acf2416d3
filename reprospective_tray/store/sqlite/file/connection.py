"""Opens connections to SQLite that write nothing outside the data folder.

By default SQLite writes sorting and statement-rollback files to the system's temporary folder,
where `secure_delete` has no effect. Each connection keeps them in memory instead.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

# The pragmas of each connection, in the format that Peewee accepts.
PRAGMAS: Mapping[str, int | str] = MappingProxyType({"temp_store": "memory"})
_PATIENCE_S = 5.0


def open_file(
    path: Path, mode: str, *, timeout_s: float = _PATIENCE_S, immutable: bool = False
) -> sqlite3.Connection:
    """Return a connection to the file at `path`; `mode` is SQLite's ``ro``, ``rw`` or ``rwc``.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    more = "&immutable=1" if immutable else ""
    uri = f"{path.absolute().as_uri()}?mode={mode}{more}"
    connection = sqlite3.connect(uri, uri=True, timeout=timeout_s)
    try:
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name} = {value}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def temporary_files_in(folder: Path, database: Any) -> Iterator[None]:
    """Let this connection write temporary files to `folder`, for data too large for memory.

    The files are unlinked while open, so they disappear even if the process is killed. If SQLite
    does not accept the folder, memory is used. `database` is a Peewee database.
    """
    quoted = str(folder.absolute()).replace("'", "''")
    database.execute_sql(f"PRAGMA temp_store_directory = '{quoted}'")
    (told,) = database.execute_sql("PRAGMA temp_store_directory").fetchone() or ("",)
    try:
        if told == str(folder.absolute()):
            database.execute_sql("PRAGMA temp_store = file")
        yield
    finally:
        database.execute_sql(f"PRAGMA temp_store = {PRAGMAS['temp_store']}")
        database.execute_sql("PRAGMA temp_store_directory = ''")
