"""DatabaseAdapter: one database with its own models, and its SQLite child."""

import logging
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import peewee

from reprospective_tray.errors import DamagedStoreError, StoreError
from reprospective_tray.lean_memory import without
from reprospective_tray.messages import _
from reprospective_tray.private_files import replacing
from reprospective_tray.store import rights
from reprospective_tray.store.ids import new_device_id
from reprospective_tray.store.models import Models, make_models

log = logging.getLogger(__name__)

SCHEMA_VERSION = 2
BUSY_TIMEOUT_S = 5.0
# How long a clean close waits for other readers before it leaves the file in WAL mode.
CLOSE_PATIENCE_S = 2.0
_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_MIGRATIONS_TABLE = "schema_migration"


def sqlite_cause(error: BaseException) -> BaseException:
    """Return what lies behind `error`.

    On a full disk SQLite rolls back by itself, and the error that comes up is
    that there is nothing to roll back.
    """
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "sqlite_errorcode", None)
        if code is not None and code & 0xFF != sqlite3.SQLITE_ERROR:
            return seen
        seen = getattr(seen, "orig", None) or seen.__cause__ or seen.__context__
    return error


def sqlite_code(error: BaseException) -> int:
    """Return SQLite's primary result code of `error`, 0 when it carries none but "error"."""
    return int(getattr(sqlite_cause(error), "sqlite_errorcode", 0)) & 0xFF


def is_damage(error: BaseException) -> bool:
    """Tell whether `error` says that the file is no database or its pages are broken."""
    return sqlite_code(error) in _DAMAGE_CODES


class DatabaseAdapter(ABC):
    """One database: its connection rules and the model classes that live in it.

    Connections belong to threads: each thread works inside `connection()`.
    """

    database: peewee.Database
    models: Models

    @abstractmethod
    def open(self) -> None:
        """Make the database ready: create or migrate it as needed.

        Raises:
            StoreError: it cannot be opened.
            DamagedStoreError: it is there, but damaged.
        """

    @abstractmethod
    def close(self) -> None:
        """Leave the database as other readers need it."""

    @property
    @abstractmethod
    def device_id(self) -> str:
        """The UUID that was made with this database."""

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Open this thread's connection, and close it at the end."""
        with self.database.connection_context():
            yield self.database


class SqliteAdapter(DatabaseAdapter):
    """The local file: WAL with synchronous=FULL while it is written, DELETE mode after."""

    database: peewee.SqliteDatabase

    def __init__(
        self,
        path: Path,
        *,
        readable_by: str = "owner",
        private_below: Path | None = None,
        read_only: bool = False,
    ) -> None:
        """Take the file's `path`; `readable_by` is ``owner`` or ``group``.

        The folders at or below `private_below` are the program's own: they get
        the rights that go with `readable_by`. With `read_only` the file must
        exist and neither its content nor its journal mode is changed.
        """
        self.path = path
        self.read_only = read_only
        self._readable_by = readable_by
        self._private_below = private_below
        self._device_id = ""
        self._inode = (0, 0)
        pragmas: dict[str, int | str] = {"query_only": 1} if read_only else {"synchronous": "full"}
        mode = "ro" if read_only else "rwc"
        self.database = peewee.SqliteDatabase(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            pragmas=pragmas,
            timeout=BUSY_TIMEOUT_S,
            autoconnect=False,
        )
        self.models = make_models(self.database)

    @property
    def device_id(self) -> str:
        """The UUID that was made with the file."""
        return self._device_id

    @property
    def replaced(self) -> bool:
        """Whether the file at the path is no longer the one that was opened."""
        try:
            found = self.path.stat()
        except OSError:
            return True
        return (found.st_dev, found.st_ino) != self._inode

    def open(self) -> None:
        """Create or migrate the file; see `DatabaseAdapter.open`."""
        if self.read_only and not self.path.exists():
            raise StoreError(
                _("Nothing has been recorded yet: there is no {path}.").format(path=self.path),
                _("Start recording with: reprospective-tray run"),
            )
        try:
            if not self.read_only:
                self._prepare_file()
            with self.connection():
                if not self.read_only:
                    self.database.execute_sql("PRAGMA journal_mode = WAL")
                self._bring_up_to_date()
                self._device_id = self._find_device_id()
            found = self.path.stat()
            self._inode = (found.st_dev, found.st_ino)
            if self._readable_by == "group" and not self.read_only:
                self._warn_of_closed_folders()
        except peewee.PeeweeException as error:
            raise self.explain(error) from error
        except OSError as error:
            raise StoreError(
                _("The database {path} cannot be opened: {reason}.").format(
                    path=self.path, reason=error.strerror
                ),
                _("Check the folder's rights, or set database.local.path in config.yaml."),
            ) from error

    def close(self) -> None:
        """Put the file into DELETE mode, so that anyone who may read it can open it.

        Where somebody has it open for longer than `CLOSE_PATIENCE_S`, it stays
        in WAL mode and the log says so.
        """
        if self.read_only or self.replaced:
            return
        deadline = time.monotonic() + CLOSE_PATIENCE_S
        # One connection and SQLite's own wait would give up at the first deadlock check.
        while not self._leave_wal():
            if time.monotonic() >= deadline:
                log.warning("%s is open elsewhere: it stays in WAL mode", self.path)
                return
            time.sleep(0.05)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Open this thread's connection for questions.

        Raises:
            StoreError: what was asked for cannot be read.
        """
        try:
            with self.connection():
                yield
        # A page that breaks while rows are fetched is SQLite's own error, past peewee.
        except (peewee.PeeweeException, sqlite3.Error) as error:
            raise self.explain(error) from error

    def explain(self, error: Exception) -> StoreError:
        """Return `error` as one that a person understands."""
        if is_damage(error):
            return self._damaged()
        return StoreError(
            _("The database {path} cannot be used: {reason}.").format(path=self.path, reason=error),
            _("Check the disk and the file's rights, then try again."),
        )

    def _damaged(self) -> DamagedStoreError:
        return DamagedStoreError(
            _("The database {path} is damaged.").format(path=self.path),
            _("The next start of recording sets it aside and saves what can be read."),
        )

    def _prepare_file(self) -> None:
        rights.prepare_folders(self.path, self._readable_by, self._private_below)
        wal, shm = (Path(f"{self.path}{end}") for end in ("-wal", "-shm"))
        emptied = self.path.exists() and not self.path.stat().st_size
        if emptied and wal.exists() and wal.stat().st_size:
            raise self._damaged()  # SQLite would take it for new and delete the rows in -wal
        rights.prepare_files(self.path, (wal, shm), self._readable_by)

    def _warn_of_closed_folders(self) -> None:
        if folder := rights.closed_to_group(self.path):
            rights.warn_of_closed(folder, self.path)

    def _bring_up_to_date(self) -> None:
        version = self.database.execute_sql("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                _("The database {path} was written by a newer version.").format(path=self.path),
                _("Install the newest version of reprospective-tray."),
            )
        own = {model._meta.table_name for model in vars(self.models).values()}  # noqa: SLF001  peewee's public name for it
        found = {name for name in self.database.get_tables() if not name.startswith("sqlite_")}
        if found and not found & {*own, _MIGRATIONS_TABLE}:
            raise StoreError(
                _("{path} is another program's database.").format(path=self.path),
                _("Set database.local.path in config.yaml to a file of its own."),
            )
        if version == SCHEMA_VERSION:
            if not own <= found:
                raise self._damaged()
            return
        if self.read_only:
            if version:
                return  # an older version's: what every version has can be read
            # A file whose first start never finished: nothing in it yet.
            raise StoreError(
                _("Nothing has been recorded yet in {path}.").format(path=self.path),
                _("Start recording with: reprospective-tray run"),
            )
        # The runner is imported by the one start that needs it.
        with without("psycopg2"):
            from playhouse.migrations import Runner

        folder = Path(__file__).with_name("migrations")
        if not any(folder.glob("[0-9]*.py")):
            raise StoreError(
                _("{name}, a part of the program, is missing.").format(name=folder),
                _("Install the program again."),
            )
        Runner(self.database, str(folder), table_name=_MIGRATIONS_TABLE).up()
        made = self.models.Meta.insert(key="device_id", value=new_device_id())
        made.on_conflict_ignore().execute()
        # Last: a file of this version that lacks any of it is damaged.
        self.database.execute_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _find_device_id(self) -> str:
        found = self.models.Meta.get_or_none(key="device_id")
        if found is None:
            raise self._damaged()
        return str(found.value)

    def adopt_device_id(self, device_id: str) -> None:
        """Go on as the device of the file that this one replaces; inside `connection()`."""
        self.models.Meta.replace(key="device_id", value=device_id).execute()
        self._device_id = device_id

    def leave_no_wal(self) -> None:
        """Empty this connection's -wal, before another file's rows are read with it.

        It is found by its descriptor: one that belongs to the new file stays as it is.
        """
        with suppress(peewee.PeeweeException):
            self.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _leave_wal(self) -> bool:
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=0)) as connection:
                mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            return False
        except sqlite3.DatabaseError as error:
            log.warning("%s stays in WAL mode: %s", self.path, error)
            return True
        return bool(mode == "delete")

    def snapshot(self, target: Path) -> None:
        """Write a consistent copy of the whole database to `target`.

        Raises:
            StoreError: `target` is the database itself or cannot be written.
        """
        try:
            if target.exists() and target.samefile(self.path):
                raise StoreError(_("The snapshot cannot replace the database itself."))
            with replacing(target) as partial:
                source = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
                copy = sqlite3.connect(partial)
                try:
                    source.backup(copy)
                    copy.execute("PRAGMA journal_mode = DELETE")
                finally:
                    copy.close()
                    source.close()
        except sqlite3.Error as error:
            if is_damage(error):
                raise self._damaged() from error
            raise self._no_snapshot(target, error) from error
        except OSError as error:
            raise self._no_snapshot(target, error.strerror) from error

    @staticmethod
    def _no_snapshot(target: Path, reason: object) -> StoreError:
        return StoreError(
            _("The snapshot {path} cannot be written: {reason}.").format(path=target, reason=reason)
        )
