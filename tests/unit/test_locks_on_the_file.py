"""Other processes may open and close the file at any time while this one records into it."""

import subprocess
import sys
from pathlib import Path

import pytest

from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.unit.recording import session, store

READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM desktop_activity_sessions").fetchone()[0])
connection.close()
"""


def count_elsewhere(path: Path) -> int:
    """Ask as any other program does, which may write and closes the file afterwards."""
    done = subprocess.run(
        [sys.executable, "-c", READER, path], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_a_second_opening_in_this_process_keeps_the_locks_of_the_first(tmp_path):
    path = tmp_path / "local.db"
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1000))])
        again = SqliteAdapter(path)
        again.open()
        with again.connection():
            assert again.models.Session.select().count() == 1
        assert count_elsewhere(path) == 1
        writer.apply([Put(session(2000, 3000))])
        assert count_elsewhere(path) == 2
        assert Path(f"{path}-wal").exists()


def test_no_open_file_of_this_process_was_deleted_meanwhile(tmp_path):
    if not Path("/proc/self/fd").exists():
        pytest.skip("only Linux tells which open files were deleted")
    path = tmp_path / "local.db"
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1000))])
        SqliteAdapter(path).open()
        count_elsewhere(path)
        links = [str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.exists()]
        assert [link for link in links if str(tmp_path) in link and "deleted" in link] == []
