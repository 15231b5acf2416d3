"""No title is written outside the data folder: SQLite's temporary files included.

How it can fail: a sort, an undone statement or VACUUM is too large for the cache and goes to
the system's folder for temporary files; a connection is made past the one place that says so.
"""

import ctypes
import os
import re
import struct
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.file import damaged_file
from reprospective_tray.store.sqlite.salvage import recovery
from reprospective_tray.store.transfer.export import write_jsonl
from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
from tests.unit.recording import T0

pytestmark = pytest.mark.trust

ROOT = Path(__file__).parents[2]
ROWS = 20_000
MARK = "MEDICAL RECORD"
DAYS = DayRange(date(2023, 11, 1), date(2023, 12, 31))
IN_CREATE = 0x100
EVENT = struct.Struct("iIII")


def rows(device_id: str) -> list[dict]:
    return [
        {
            "uid": new_uid(T0 + number * 1000),
            "device_id": device_id,
            "source_host": "host",
            "state": "active",
            "application_name": "browser",
            "window_title": f"{MARK} {number * 7919 % ROWS} {'x' * 60}",
            "process_id": None,
            "started_at": T0 + number * 1000,
            "ended_at": T0 + number * 1000 + 900,
            "utc_offset_minutes": 0,
            "open": 0,
            "deleted": 0,
            "revision": 1,
            "synced": 0,
            "synced_at": None,
        }
        for number in range(ROWS)
    ]


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> bytes:
    adapter = SqliteAdapter(tmp_path_factory.mktemp("template") / "local.db")
    adapter.open()
    with adapter.connection():
        make_row_writer(adapter).write(rows(adapter.device_id))
    adapter.close()
    return adapter.path.read_bytes()


def opened(folder: Path) -> SqliteAdapter:
    adapter = SqliteAdapter(folder / "local.db")
    adapter.open()
    return adapter


def report(folder: Path) -> None:
    adapter = SqliteAdapter(folder / "local.db", read_only=True)
    adapter.open()
    with adapter.connection():
        assert len(Queries(adapter).day_titles(DAYS)) == ROWS


def vacuum(folder: Path) -> None:
    adapter = opened(folder)
    with adapter.connection():
        adapter.database.execute_sql(
            "DELETE FROM desktop_activity_meta WHERE key = 'secure_delete'"
        )
        assert adapter.scrub()
        assert adapter.database.execute_sql("PRAGMA temp_store").fetchone() == (2,)
        assert adapter.database.execute_sql("PRAGMA temp_store_directory").fetchone() is None


def forgetting(folder: Path) -> None:
    adapter = opened(folder)
    with adapter.connection():
        forget(adapter, TimeRange(T0, T0 + ROWS * 1000))


def large_statement(folder: Path) -> None:
    """Undo a statement that has changed every row."""
    adapter = opened(folder)
    with adapter.connection(), adapter.writing():
        change = "UPDATE OR ABORT desktop_activity_sessions SET window_title = 'y' || window_title,"
        last = f"uid = CASE WHEN id = {ROWS} THEN (SELECT min(uid) FROM"
        with pytest.raises(adapter.errors):
            adapter.database.execute_sql(f"{change} {last} desktop_activity_sessions) ELSE uid END")


def snapshot(folder: Path) -> None:
    opened(folder).snapshot(folder / "copy.db")


def taking_over(folder: Path) -> None:
    damaged = damaged_file.set_aside(folder / "local.db")
    adapter = opened(folder)
    with adapter.connection():
        recovery.adopt([damaged], adapter)
    assert recovery.take_over(damaged, adapter, threading.Event()) == ROWS


def export_and_import(folder: Path) -> None:
    adapter = opened(folder)
    file = folder / "all.jsonl"
    with adapter.connection(), file.open("w", encoding="utf-8") as stream:
        assert write_jsonl(Queries(adapter).stream(), stream) == ROWS
    other = SqliteAdapter(folder / "other.db")
    import_jsonl(file, other, privacy=lambda *names: names, progress=lambda *_: None)


class Watch:
    """Hears by inotify of each file that is made in a folder, however short its life."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert libc.inotify_add_watch(self._descriptor, os.fsencode(folder), IN_CREATE) > 0

    def made(self) -> list[str]:
        """Return the names since the last time."""
        names = []
        try:
            while heard := os.read(self._descriptor, 65536):
                while heard:
                    *_event, length = EVENT.unpack_from(heard)
                    names.append(heard[EVENT.size : EVENT.size + length].rstrip(b"\0").decode())
                    heard = heard[EVENT.size + length :]
        except BlockingIOError:
            return names
        return names

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")
@pytest.mark.parametrize(
    "work",
    [
        *("report", "vacuum", "large_statement"),
        pytest.param("forgetting", marks=pytest.mark.long),
        *("snapshot", "taking_over", "export_and_import"),
    ],
)
def test_nothing_is_written_to_the_folder_for_temporary_files(tmp_path, template, work):
    data, outside = tmp_path / "data", tmp_path / "outside"
    data.mkdir(mode=0o700)
    outside.mkdir()
    (data / "local.db").write_bytes(template)
    watch = Watch(outside)
    code = (
        "import sys; from pathlib import Path; from tests.unit import test_temporary_files as t;"
        "getattr(t, sys.argv[1])(Path(sys.argv[2]))"
    )
    try:
        subprocess.run(
            [sys.executable, "-c", code, work, data],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(outside), "SQLITE_TMPDIR": str(outside)},
            check=True,
        )
        assert watch.made() == []
    finally:
        watch.close()


def test_every_connection_is_made_in_the_one_place():
    made = re.compile(r"sqlite3\.connect\(|SqliteDatabase\(|\bapsw\b")
    found = {
        file.relative_to(ROOT / "reprospective_tray" / "store").as_posix()
        for file in (ROOT / "reprospective_tray").rglob("*.py")
        if made.search(file.read_text("utf-8"))
    }
    assert found == {"sqlite/file/connection.py", "sqlite/adapter.py"}


def test_both_kinds_of_connection_keep_temporary_files_in_memory(tmp_path):
    adapter = SqliteAdapter(tmp_path / "local.db")
    adapter.open()
    for each in (adapter, SqliteAdapter(adapter.path, read_only=True)):
        with each.connection():
            assert each.database.execute_sql("PRAGMA temp_store").fetchone() == (2,)
