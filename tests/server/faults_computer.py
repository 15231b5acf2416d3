"""A computer of the tests: a local file and its log, and how the file is shipped and read."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2

from reprospective_tray.config.keys import Sync
from reprospective_tray.store.outbox import device_change
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.connection.connection import Connection, connect
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.rows.row_writer import SqliteRowWriter
from reprospective_tray.sync.manager import DatabaseSyncManager
from reprospective_tray.sync.pass_result import Passed
from tests.server.faults_recorder import Recorder
from tests.server.history import Kept, Ledger, Log, Rows, assert_same, read, settle
from tests.unit.recording import assert_days_add_up

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = (
    "device_id, source_host, state, application_name, window_title, process_id,"
    " started_at, ended_at, utc_offset_minutes, open, deleted, revision"
)


class NobodyRecords:
    """Changes who a file is where nobody records into it."""

    def __init__(self, computer: "Computer") -> None:
        self._computer = computer

    def leave_open_session(self) -> None:
        with self._computer.recording():
            pass  # to begin is to close what was left open

    def become_another_device(self) -> None:
        adapter, log = self._computer.adapter(), Log(self._computer.log)
        adapter.open()
        try:
            log.begin({"do": "identity"})
            with adapter.connection():
                renamed = device_change.become_another_device(adapter)
            old, new = (renamed.old_uid, renamed.new_uid) if renamed else (None, None)
            log.end(device=adapter.device_id, old=old, new=new)
        finally:
            log.close()


class Computer:
    """A folder with a local file and its log, and the address of the server it ships to."""

    def __init__(self, folder: Path, dsn: str, host: str = "desk") -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.dsn, self.host = folder, dsn, host
        self.path = folder / "local.db"
        self.log = folder / "log.jsonl"
        self.log.touch()

    def adapter(self) -> SqliteAdapter:
        return SqliteAdapter(self.path)

    @contextmanager
    def recording(self, seed: Any = 0) -> Iterator[Recorder]:
        """Record in this thread until the end of the block; what is open then stays open."""
        adapter = self.adapter()
        adapter.open()
        ledger = self.settled()
        log = Log(self.log)
        try:
            with adapter.connection():
                yield Recorder(adapter, self.host, log, ledger, seed)
        finally:
            log.close()
            adapter.close()

    def record(self, count: int, seed: Any = 0) -> None:
        with self.recording(seed) as recorder:
            recorder.some(count)

    def connect(self, deadline_s: float = 5.0) -> Connection:
        return connect(ServerAddress.from_dsn(self.dsn), deadline_s)

    def manager(  # noqa: PLR0913  each is what some test differs in
        self,
        who: Any = None,
        *,
        batch: int = 1000,
        retention: int | None = None,
        deadline_s: float = 20.0,
        via: Callable[[], Connection] | None = None,
        opener: Callable[[], SqliteAdapter] | None = None,
    ) -> DatabaseSyncManager:
        settings = Sync(enabled=True, batch_size=batch, retention_days=retention)
        who = who or NobodyRecords(self)
        return DatabaseSyncManager(
            opener or self.adapter,
            via or (lambda: self.connect(max(deadline_s, 2.0))),
            settings,
            who,
            deadline_s=deadline_s,
        )

    def sync(self, who: Any = None, **how: Any) -> Passed:
        """Make one pass and hang up."""
        manager = self.manager(who, **how)
        try:
            return manager.run(threading.Event())
        finally:
            manager.close()

    def copy_to(self, folder: Path, dsn: str | None = None, host: str | None = None) -> "Computer":
        """Copy file and log as they are, also while somebody records."""
        other = Computer(folder, dsn or self.dsn, host or self.host)
        with (
            closing(sqlite3.connect(self.path)) as source,
            closing(sqlite3.connect(other.path)) as copy,
        ):
            source.backup(copy)
        shutil.copy(self.log, other.log)
        return other

    def local_rows(self) -> Rows:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            query = f"SELECT uid, {COLUMNS} FROM desktop_activity_sessions"  # noqa: S608  own words
            return {uid: Kept(*rest) for uid, *rest in connection.execute(query)}

    def local(self, query: str, *args: object) -> list[tuple[Any, ...]]:
        """Run one statement on the file, as another program would."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(query, args).fetchall()

    @property
    def device_id(self) -> str:
        query = "SELECT value FROM desktop_activity_meta WHERE key = 'device_id'"
        return str(self.local(query)[0][0])

    def settled(self) -> Ledger:
        """What was recorded; a change that a kill interrupted is where the file says it is."""
        if read(self.log)[1] is None:
            return read(self.log)[0]
        return settle(self.log, self.local_rows(), self.device_id)

    def import_rows(self, rows: dict[str, dict[str, Any]]) -> None:
        """Import closed rows of another device, given as the log has them."""
        names = dict(zip(Kept.__slots__, COLUMNS.split(", "), strict=False))
        adapter, log = self.adapter(), Log(self.log)
        adapter.open()
        try:
            with adapter.connection():
                log.begin({"do": "bulk", "rows": rows})
                SqliteRowWriter(adapter).write(
                    [
                        {"uid": uid, "deleted": 0, "revision": 1, "synced": 0, "synced_at": None}
                        | {names[name]: value for name, value in values.items()}
                        for uid, values in rows.items()
                    ]
                )
                log.end()
        finally:
            log.close()
            adapter.close()

    def note_elsewhere(self, change: dict[str, Any]) -> None:
        """Note what happened to this file's rows without this file."""
        log = Log(self.log)
        log.note(change)
        log.close()

    def assert_is(self, wanted: Rows) -> None:
        """The file has what it recorded, as in `wanted`; nothing waits; its days add up."""
        waiting = self.local("SELECT uid FROM desktop_activity_sessions WHERE synced = 0")
        refused = self.local("SELECT uid, reason FROM desktop_activity_refused")
        assert (waiting, refused) == ([], [])
        mine = {uid: wanted[uid] for uid in self.settled().rows}
        assert_same(mine, self.local_rows())
        assert_days_add_up(self.path)


def row_of_another_device(start: int) -> dict[str, Any]:
    """Return a closed row as an import brings it, as the log has it."""
    return {
        "device": "5d7bd40e-21b7-4dff-9a0a-1d9a5f4e5c7c",
        "host": "old pc",
        "state": "active",
        "name": "Code",
        "title": "a.py",
        "process_id": None,
        "start": start,
        "end": start + 500,
        "offset": 0,
        "open": 0,
    }


def server_rows(dsn: str) -> Rows:
    """Return all rows of the server's table; times become ms without any function of its own."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT uid::text, {COLUMNS.replace('device_id', 'device_id::text')}"  # noqa: S608
            " FROM reprospective.desktop_activity_sessions"
        )
        found = {}
        for uid, *rest in cursor:
            rest[6:8] = [_ms(moment) for moment in rest[6:8]]
            found[uid] = Kept(*rest)
        return found


def _ms(moment: datetime) -> int:
    whole, part = divmod(moment - EPOCH, timedelta(milliseconds=1))
    assert not part, f"{moment} is no whole ms"
    return whole
