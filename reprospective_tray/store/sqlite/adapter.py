"""SqliteAdapter: the local file; `postgres.adapter` has the adapter for the server."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Any, cast

import peewee

from reprospective_tray.errors import DamagedStoreError, StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.ids import new_device_id
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS, DayRange, local_uids_over
from reprospective_tray.store.model.tables import LocalModels, make_models
from reprospective_tray.store.sqlite.file import damaged_file, permissions, secure_erase
from reprospective_tray.store.sqlite.file.connection import PRAGMAS, open_file
from reprospective_tray.store.sqlite.file.errors import is_damage
from reprospective_tray.system.lean_memory import without
from reprospective_tray.system.ownership import ForeignOwnerError

log = logging.getLogger(__name__)

SCHEMA_VERSION = 5
BUSY_TIMEOUT_S = 5.0
# How long a clean close waits for other readers before it leaves the file in WAL mode.
CLOSE_PATIENCE_S = 2.0
_MIGRATIONS_TABLE = "schema_migration"


class SqliteAdapter(DatabaseAdapter):
    """The local file: WAL with synchronous=FULL while it is open, DELETE mode afterwards."""

    database: peewee.SqliteDatabase
    models: LocalModels
    errors = (peewee.PeeweeException, sqlite3.Error)

    def __init__(
        self,
        path: Path,
        *,
        readable_by: str = "owner",
        private_below: Path | None = None,
        read_only: bool = False,
    ) -> None:
        """Take the file's `path`; `readable_by` is ``owner`` or ``group``.

        The folders at or below `private_below` belong to the program and get the permissions for
        `readable_by`. With `read_only` the file must exist, and neither its content nor its
        journal mode is changed.
        """
        self.path = path
        self.read_only = read_only
        self._readable_by = readable_by
        self._private_below = private_below
        self._device_id = ""
        self._inode = (0, 0)
        # secure_delete overwrites deleted data with zeros at once; its cost is not measurable.
        writing: dict[str, int | str] = {"synchronous": "full", "secure_delete": 1}
        pragmas = {**PRAGMAS, **({"query_only": 1} if read_only else writing)}
        mode = "ro" if read_only else "rwc"
        self.database = peewee.SqliteDatabase(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            pragmas=pragmas,
            timeout=BUSY_TIMEOUT_S,
            autoconnect=False,
        )
        self.models = make_models(self.database)
        self.original_id, self.synced = self.models.Session.id, self.models.Session.synced

    @property
    def device_id(self) -> str:
        """The UUID stored in the file."""
        return self._device_id

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self.path)

    @property
    def leftover_file(self) -> Path:
        """See `DatabaseAdapter.leftover_file`; it is next to the database."""
        return Path(f"{self.path}.leftover")

    def applied_leftover(self) -> str:
        """See `DatabaseAdapter.applied_leftover`."""
        from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey

        return str(FileMeta(self).get(MetaKey.LEFTOVER, ""))

    def note_leftover(self, token: str) -> None:
        """See `DatabaseAdapter.note_leftover`."""
        from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey

        FileMeta(self).put(MetaKey.LEFTOVER, token)

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
            permissions.check_owner(self.path, reading=self.read_only)
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
        except ForeignOwnerError as error:
            raise permissions.foreign(error) from error
        except OSError as error:
            raise StoreError(
                _("The database {path} cannot be opened: {reason}.").format(
                    path=self.path, reason=error.strerror
                ),
                _("Check the folder's rights, or set database.local.path in config.yaml."),
            ) from error

    def close(self) -> None:
        """Set the file to DELETE mode, so that anyone with read permission can open it.

        If another program keeps it open for longer than `CLOSE_PATIENCE_S`, it stays in WAL mode
        and a warning is logged.
        """
        if self.read_only or self.replaced:
            return
        deadline = time.monotonic() + CLOSE_PATIENCE_S
        # SQLite's busy timeout does not help: its deadlock check makes it give up at once.
        while not self._leave_wal():
            if time.monotonic() >= deadline:
                log.warning("%s is open in another program: it stays in WAL mode", self.path)
                return
            time.sleep(0.05)

    def explain(self, error: Exception) -> StoreError:
        """See `DatabaseAdapter.explain`."""
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
        permissions.prepare_folders(self.path, self._readable_by, self._private_below)
        damaged_file.finish(self.path)
        wal, shm = (Path(f"{self.path}{end}") for end in ("-wal", "-shm"))
        emptied = self.path.exists() and not self.path.stat().st_size
        if emptied and wal.exists() and wal.stat().st_size:
            raise self._damaged()  # SQLite would treat it as new and delete the rows in -wal
        permissions.prepare_files(self.path, (wal, shm), self._readable_by)

    def _warn_of_closed_folders(self) -> None:
        if folder := permissions.closed_to_group(self.path):
            permissions.warn_of_closed(folder, self.path)

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
                return  # an older version; the parts common to all versions can be read
            # The first start was interrupted, so the file is empty.
            raise StoreError(
                _("Nothing has been recorded yet in {path}.").format(path=self.path),
                _("Start recording with: reprospective-tray run"),
            )
        # Imported only when a migration is needed.
        with without("psycopg2"):
            from playhouse.migrations import Runner

        folder = Path(__file__).with_name("migrations")
        if not any(folder.glob("[0-9]*.py")):
            raise StoreError(
                _("{name}, a part of the program, is missing.").format(name=folder),
                _("Reinstall the program."),
            )
        Runner(self.database, str(folder), table_name=_MIGRATIONS_TABLE).up()
        made = self.models.Meta.insert(key="device_id", value=new_device_id())
        made.on_conflict_ignore().execute()
        if not version:
            secure_erase.note_clean(self.database)
        # Set last: a file of this version without any of its tables counts as damaged.
        self.database.execute_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _find_device_id(self) -> str:
        found = self.models.Meta.get_or_none(key="device_id")
        if found is None:
            raise self._damaged()
        return str(found.value)

    def adopt_device_id(self, device_id: str) -> None:
        """Store `device_id` as this file's device; must be called in `connection()`."""
        self.models.Meta.replace(key="device_id", value=device_id).execute()
        self._device_id = device_id

    def reread_device_id(self) -> None:
        """Read the device id from the file again; must be called in `connection()`."""
        self._device_id = self._find_device_id()

    def writing(self) -> AbstractContextManager[Any]:
        """See `DatabaseAdapter.writing`; IMMEDIATE, as upgrading a read lock may fail at once."""
        return cast("AbstractContextManager[Any]", self.database.atomic("IMMEDIATE"))

    def unchanging(self) -> AbstractContextManager[Any]:
        """See `DatabaseAdapter.unchanging`."""
        return cast("AbstractContextManager[Any]", self.database.atomic())

    def lasting_over(self, moment: int) -> Any:
        """See `DatabaseAdapter.lasting_over`."""
        session = self.models.Session
        uids = local_uids_over(self.database, moment)
        return session.uid.in_(uids) if uids else None

    def near(self, days: DayRange) -> Any:
        """See `DatabaseAdapter.near`; widened by the largest offset, as the index is in UTC."""
        session = self.models.Session
        earliest = days.begin - LARGEST_OFFSET_MS
        begun = (session.started_at >= earliest) & (
            session.started_at < days.end + LARGEST_OFFSET_MS
        )
        over = self.lasting_over(earliest)
        return begun if over is None else begun | over

    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """See `DatabaseAdapter.stream`; reads in pages, so a slow consumer holds no lock."""
        session = self.models.Session
        query = query.order_by(session.started_at, session.id).limit(self.page)
        page = query
        while True:
            rows = list(page.tuples())
            yield from rows
            if len(rows) < self.page:
                return
            *_columns, started_at, number = rows[-1]
            page = query.where(
                session.started_at >= started_at,
                (session.started_at > started_at) | (session.id > number),
            )

    def be_patient(self, seconds: float) -> None:
        """See `DatabaseAdapter.be_patient`."""
        self.database.execute_sql(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    def scrub(self) -> bool:
        """See `DatabaseAdapter.scrub`."""
        return secure_erase.scrub(self.database, self.path.parent)

    def other_files(self) -> list[Path]:
        """See `DatabaseAdapter.other_files`."""
        return secure_erase.other_files(self.path)

    def leave_no_wal(self) -> None:
        """Empty this connection's -wal before another file at the same path is opened.

        The connection uses its open descriptor, so a -wal of the new file is not touched.
        """
        with suppress(peewee.PeeweeException):
            self.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _leave_wal(self) -> bool:
        try:
            with closing(open_file(self.path, "rw", timeout_s=0)) as connection:
                mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            return False
        except sqlite3.DatabaseError as error:
            log.warning("%s stays in WAL mode: %s", self.path, error)
            return True
        return bool(mode == "delete")

    def snapshot(self, target: Path, *, overwrite: bool = True) -> int:
        """See `DatabaseAdapter.snapshot`; `target` must not be the database itself."""
        from reprospective_tray.store.sqlite.file.snapshots import write_snapshot

        return write_snapshot(self.path, target, self._damaged(), overwrite=overwrite)
