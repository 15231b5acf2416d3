"""The adapter leaves the file as readers need it, and models never meet another database.

How it can fail: the journal mode is wrong while writing or after, a reader changes the
file, rights are too wide or somebody else's are changed, a newer schema is written to,
rows of two databases mix, a snapshot is torn or replaces the database.
"""

import json
import logging
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import peewee
import pytest

from reprospective_tray.errors import DamagedStoreError, StoreError
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.entries import EntryQueries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite import adapter as adapter_module
from reprospective_tray.store.sqlite.adapter import SCHEMA_VERSION, SqliteAdapter
from tests.bystander import at_most
from tests.support import others_can_read_the_code
from tests.unit.recording import T0, rows_of, session, store

needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root")
needs_rights = pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def journal_mode(path: Path) -> str:
    """Return the mode that the file's header says: its file format version."""
    return {1: "delete", 2: "wal"}[path.read_bytes()[18]]


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_is_in_wal_mode_with_full_synchronisation_while_it_is_written(path):
    with store(path) as (adapter, _writer):
        assert journal_mode(path) == "wal"
        assert adapter.database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)
        assert adapter.database.execute_sql("PRAGMA synchronous").fetchone() == (2,)


def test_a_clean_close_leaves_one_file_in_delete_mode(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1))])
    assert journal_mode(path) == "delete"
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_reader_for_less_than_two_seconds_is_waited_for(path):
    adapter = SqliteAdapter(path)
    adapter.open()
    reader = sqlite3.connect(path, check_same_thread=False)
    reader.execute("SELECT * FROM desktop_activity_meta").fetchall()
    timer = threading.Timer(0.3, reader.close)
    timer.start()
    adapter.close()
    timer.join()
    assert journal_mode(path) == "delete"


def test_the_file_stays_in_wal_mode_when_somebody_has_it_open_and_the_log_says_so(
    path, caplog, monkeypatch
):
    monkeypatch.setattr(adapter_module, "CLOSE_PATIENCE_S", 0.2)
    adapter = SqliteAdapter(path)
    adapter.open()
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT * FROM desktop_activity_meta").fetchall()
        with at_most(2), caplog.at_level(logging.WARNING):
            adapter.close()
    assert journal_mode(path) == "wal"
    assert "stays in WAL mode" in caplog.text


def test_closing_a_file_that_went_away_makes_no_new_one(path):
    adapter = SqliteAdapter(path)
    adapter.open()
    path.unlink()
    adapter.close()
    assert not path.exists()
    assert adapter._leave_wal() is False
    assert not path.exists()


def test_closing_a_damaged_file_is_said_and_raises_nothing(path, caplog):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1))])
    adapter = SqliteAdapter(path)
    adapter.open()
    with path.open("r+b") as file:
        file.write(b"garbage!" * 64)
    adapter.close()
    assert "not a database" in caplog.text


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_reading_adapter_never_changes_journal_mode_or_content(path, mode):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 1))])
        device = adapter.device_id
    if mode == "wal":
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA journal_mode = WAL")
    before = path.read_bytes()
    reader = SqliteAdapter(path, read_only=True)
    reader.open()
    assert reader.device_id == device
    with reader.connection():
        assert reader.models.Session.select().count() == 1
        with pytest.raises(peewee.OperationalError):
            reader.models.Session.delete().execute()
    reader.close()
    assert path.read_bytes() == before
    assert journal_mode(path) == mode


def test_reading_what_was_never_recorded_says_how_to_begin_and_makes_nothing(path):
    with pytest.raises(StoreError, match="Nothing has been recorded") as caught:
        SqliteAdapter(path, read_only=True).open()
    assert "run" in caught.value.remedy
    assert not path.parent.exists()


@needs_rights
@pytest.mark.parametrize(
    ("readable_by", "file_mode", "folder_mode"), [("owner", 0o600, 0o700), ("group", 0o640, 0o750)]
)
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_file_and_folder_are_open_to_whom_the_config_says(
    path, readable_by, file_mode, folder_mode, umask
):
    before = os.umask(umask)
    try:
        adapter = SqliteAdapter(path, readable_by=readable_by)
        adapter.open()
        with adapter.connection():
            SessionWriter(adapter, "host").apply([Put(session(0, 1))])
            assert rights(path.parent) == folder_mode
            assert {f.name: rights(f) for f in path.parent.iterdir()} == dict.fromkeys(
                (path.name, f"{path.name}-wal", f"{path.name}-shm"), file_mode
            )
        adapter.close()
        assert rights(path) == file_mode
    finally:
        os.umask(before)


@needs_rights
def test_rights_follow_a_changed_config(path):
    for readable_by, file_mode, folder_mode in [
        ("owner", 0o600, 0o700),
        ("group", 0o640, 0o750),
        ("owner", 0o600, 0o700),
    ]:
        adapter = SqliteAdapter(path, readable_by=readable_by, private_below=path.parent)
        adapter.open()
        assert (rights(path), rights(path.parent)) == (file_mode, folder_mode)


@needs_rights
@pytest.mark.parametrize("readable_by", ["owner", "group"])
def test_the_rights_of_folders_that_are_not_the_programs_stay(tmp_path, readable_by):
    home = tmp_path / "home"
    home.mkdir()
    data = home / "share" / "program"
    for mode in (0o750, 0o700):
        home.chmod(mode)
        SqliteAdapter(home / "act.db", readable_by=readable_by, private_below=data).open()
        path = data / "data" / "act.db"
        SqliteAdapter(path, readable_by=readable_by, private_below=data).open()
        assert rights(home) == mode
        assert rights(data) == rights(path.parent) == {"owner": 0o700, "group": 0o750}[readable_by]


@needs_rights
@pytest.mark.parametrize(("mode", "said"), [(0o700, 1), (0o710, 0)])
def test_a_folder_that_keeps_the_group_out_is_said_once_and_no_umask_makes_one(caplog, mode, said):
    before = os.umask(0o077)
    try:
        with tempfile.TemporaryDirectory() as name:
            home = Path(name) / "home"
            path = home / "share" / "data" / "local.db"
            Path(name).chmod(0o755)
            home.mkdir()
            home.chmod(mode)
            for _time in range(2):
                SqliteAdapter(path, readable_by="group").open()
            warning = f"is group, but {home} does not let the group through to {path}"
            assert sum(warning in each for each in caplog.messages) == len(caplog.messages) == said
    finally:
        os.umask(before)


@pytest.mark.parametrize("gone", ["tables", "device"])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_lacks_what_its_version_has_is_damaged(path, gone, read_only):
    SqliteAdapter(path).open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        if gone == "tables":
            for table in ("sessions", "days", "meta"):
                other.execute(f"DROP TABLE desktop_activity_{table}")
        else:
            other.execute("DELETE FROM desktop_activity_meta")
    with pytest.raises(DamagedStoreError):
        SqliteAdapter(path, read_only=read_only).open()


@pytest.mark.parametrize("version", [0, 1])
def test_another_programs_database_is_refused_and_not_taken_for_a_damaged_one(path, version):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE places (id INTEGER PRIMARY KEY AUTOINCREMENT)")
        other.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StoreError, match="another program") as caught:
        SqliteAdapter(path).open()
    assert not isinstance(caught.value, DamagedStoreError)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchone() == ("places",)


def test_a_page_that_breaks_while_rows_are_read_is_a_damage_that_a_person_understands(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(number, number + 1)) for number in range(300)])
    with path.open("r+b") as file:
        last = path.stat().st_size // 4096 // 4
        file.seek(-4096 * last, os.SEEK_END)
        file.write(b"\xff" * 4096 * last)
    reader = SqliteAdapter(path, read_only=True)
    reader.open()
    with pytest.raises(DamagedStoreError, match="damaged"), reader.reading():
        list(reader.models.Session.select().dicts())


def test_a_snapshot_follows_a_link_and_keeps_the_rights_of_what_it_replaces(path, tmp_path):
    adapter = SqliteAdapter(path)
    adapter.open()
    there, link = tmp_path / "there.db", tmp_path / "link.db"
    there.touch()
    there.chmod(0o640)
    link.symlink_to(there)
    adapter.snapshot(link)
    assert link.is_symlink()
    assert there.stat().st_size > 0
    assert rights(there) == 0o640
    os.mkfifo(tmp_path / "pipe")
    for target in (tmp_path / "pipe", Path("/"), Path()):
        with pytest.raises(StoreError, match="cannot be written"):
            adapter.snapshot(target)
    assert (tmp_path / "pipe").is_fifo()


@needs_rights
@pytest.mark.parametrize("mode", [0o755, 0o770, 0o2770])
def test_a_folder_with_other_rights_is_somebodys_decision(path, mode):
    path.parent.mkdir()
    path.parent.chmod(mode)
    SqliteAdapter(path).open()
    assert rights(path.parent) == mode


@needs_root
@pytest.mark.skipif(not others_can_read_the_code(), reason="the checkout is closed to others")
def test_a_folder_of_somebody_else_is_no_hindrance():
    with tempfile.TemporaryDirectory() as name:
        top = Path(name) / "team"
        own = top / "me"
        own.mkdir(parents=True)
        shutil.chown(own, 65534, 65534)
        shutil.chown(top, 0, 65534)
        Path(name).chmod(0o755)
        top.chmod(0o750)
        own.chmod(0o700)
        os.setegid(65534)
        os.seteuid(65534)
        try:
            SqliteAdapter(own / "x.db").open()
        finally:
            os.seteuid(0)
            os.setegid(0)
        assert rights(top) == 0o750


@needs_root
def test_a_folder_that_cannot_be_written_is_named_with_a_remedy():
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match=r"x\.db") as caught:
                SqliteAdapter(Path(name) / "x.db").open()
        finally:
            os.seteuid(0)
        assert not isinstance(caught.value, DamagedStoreError)
        assert caught.value.remedy


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(path):
    SqliteAdapter(path).open()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        newer.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(StoreError, match="newer version"):
            SqliteAdapter(path, read_only=read_only).open()
    if journal_mode(path) == "delete":
        assert path.read_bytes() == before


def test_a_start_that_was_killed_between_schema_and_version_is_finished(path):
    SqliteAdapter(path).open()
    with closing(sqlite3.connect(path)) as killed:
        killed.execute("PRAGMA user_version = 0")
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1))])
    assert len(rows_of(path)) == 1


def test_the_models_are_what_the_migrations_make(path):
    adapter = SqliteAdapter(path)
    adapter.open()
    models = adapter.models
    with adapter.connection():
        for model in (models.Session, models.Day, models.Meta, models.Entry, models.ClosedDay):
            meta = model._meta
            there = {
                column.name: column for column in adapter.database.get_columns(meta.table_name)
            }
            assert set(there) == {field.column_name for field in meta.sorted_fields}
            for field in meta.sorted_fields:
                text = isinstance(field, peewee.TextField)
                column = there[field.column_name]
                assert column.data_type == ("TEXT" if text else "INTEGER"), field.name
                assert column.null == field.null, field.name
            key = meta.primary_key
            names = getattr(key, "field_names", (key.name,))
            assert adapter.database.get_primary_keys(meta.table_name) == list(names)
        unique = [
            index.columns
            for index in adapter.database.get_indexes("desktop_activity_sessions")
            if index.unique
        ]
    assert ["uid"] in unique


def test_a_file_of_the_version_before_gets_entries_and_keeps_its_sessions(path):
    with store(path) as (_adapter, writer):
        writer.apply([Put(session(0, 1))])
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP TABLE desktop_activity_entries")
        older.execute("DROP TABLE desktop_activity_closed_days")
        older.execute("DELETE FROM schema_migration WHERE name LIKE '0005%'")
        older.execute("PRAGMA user_version = 4")
        older.commit()
    before = rows_of(path)
    whole_time, days = (0, 2 * T0), DayRange(date(2020, 1, 1), date(2030, 1, 1))
    reader = SqliteAdapter(path, read_only=True)
    reader.open()
    with reader.connection():
        assert EntryQueries(reader).between(*whole_time) == ()
        assert EntryQueries(reader).closed_days(days) == ()
    adapter = SqliteAdapter(path)
    adapter.open()
    assert rows_of(path) == before
    entry = {"uid": new_uid(T0), "device_id": adapter.device_id, "source_host": "host"}
    entry |= {"started_at": T0, "ended_at": T0 + 1, "utc_offset_minutes": 0, "category": "Harbour"}
    with adapter.connection():
        adapter.models.Entry.insert(entry).execute()
        adapter.models.ClosedDay.insert(day="2023-11-14", closed_at=T0).execute()
        assert EntryQueries(adapter).between(*whole_time) == (
            Entry(entry["uid"], T0, T0 + 1, 0, "Harbour", "", billable=True),
        )
        assert EntryQueries(adapter).closed_days(days) == ("2023-11-14",)


def test_waiting_rows_are_found_by_an_index_of_their_own(path):
    SqliteAdapter(path).open()
    with closing(sqlite3.connect(path)) as reader:
        plan = reader.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM desktop_activity_sessions WHERE synced = 0"
        ).fetchall()
    assert "sessions_that_wait" in str(plan)


def test_rows_of_two_databases_written_at_once_never_mix(tmp_path):
    adapters = {name: SqliteAdapter(tmp_path / f"{name}.db") for name in "ab"}
    failures = []

    def write(name: str) -> None:
        try:
            with adapters[name].connection():
                writer = SessionWriter(adapters[name], name)
                for number in range(60):
                    writer.apply([Put(session(number, number + 1, name))])
        except peewee.PeeweeException as error:
            failures.append(error)

    for adapter in adapters.values():
        adapter.open()
    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    for name, adapter in adapters.items():
        adapter.close()
        assert rows_of(adapter.path, "application_name, source_host") == [(name, name)] * 60


@contextmanager
def written_meanwhile(path: Path):
    """Write two rows in each transaction, in another thread."""
    enough, stop = threading.Event(), threading.Event()

    def write() -> None:
        with store(path) as (_adapter, writer):
            number = 0
            while not stop.is_set():
                writer.apply([Put(session(number + i, number + i + 1)) for i in (0, 1)])
                number += 2
                if number > 20:
                    enough.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert enough.wait(10)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_snapshot_is_consistent_while_the_database_is_written(path, tmp_path):
    target = tmp_path / "copy.db"
    SqliteAdapter(path).open()
    with written_meanwhile(path):
        for _time in range(5):
            SqliteAdapter(path, read_only=True).snapshot(target)
            with closing(sqlite3.connect(target)) as copy:
                assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                (count,) = copy.execute("SELECT count(*) FROM desktop_activity_sessions").fetchone()
                days = copy.execute("SELECT sum(sessions) FROM desktop_activity_days").fetchone()
            assert count % 2 == 0
            assert days == (count,)
    assert journal_mode(target) == "delete"
    assert rights(target) == 0o600
    assert sorted(f.name for f in tmp_path.iterdir()) == ["copy.db", "data"]


def test_a_snapshot_never_replaces_the_database_itself(path, tmp_path):
    adapter = SqliteAdapter(path)
    adapter.open()
    (tmp_path / "link.db").symlink_to(path)
    (tmp_path / "hard.db").hardlink_to(path)
    before = path.stat().st_ino
    for target in (path, tmp_path / "link.db", tmp_path / "hard.db"):
        with pytest.raises(StoreError, match="cannot replace"):
            adapter.snapshot(target)
    assert path.stat().st_ino == before


@pytest.mark.parametrize("target", ["missing/x.db", "file/x.db", "folder", "n" * 300])
def test_a_snapshot_that_cannot_be_written_is_an_error_with_its_reason(path, tmp_path, target):
    adapter = SqliteAdapter(path)
    adapter.open()
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        adapter.snapshot(tmp_path / target)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["data", "file", "folder"]


def test_a_name_with_signs_of_a_uri_is_a_name(tmp_path):
    path = tmp_path / "a?mode=memory#b%20ü.db"
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 1))])
        adapter.snapshot(tmp_path / "copy?.db")
    assert [row[0] for row in rows_of(path, "started_at")] == [T0]
    assert (tmp_path / "copy?.db").exists()


def test_an_emptied_file_with_rows_in_its_wal_is_damaged_and_keeps_them(path):
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        SessionWriter(adapter, "host").apply([Put(session(0, 1))])
        wal = Path(f"{path}-wal").read_bytes()
        os.truncate(path, 0)
        with pytest.raises(DamagedStoreError):
            SqliteAdapter(path).open()
        assert Path(f"{path}-wal").read_bytes() == wal


# `-c` with one of these. A display is a socket or a library; __main__ is the command itself.
IMPORTS = {
    "the program": "import reprospective_tray",
    "each module below the windows": """
import importlib, pkgutil
for room in ("store", "monitor", "desktop"):
    package = importlib.import_module("reprospective_tray." + room)
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if ".migrations" not in found.name:
            importlib.import_module(found.name)
""",
}
WATCHED_IMPORT = """
import json, sys
sys.dont_write_bytecode = True
seen = []
def hook(event, args):
    if event.startswith(("socket.connect", "socket.bind", "sqlite3.", "subprocess.", "os.mkdir")):
        seen.append((event, str(args)))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        seen.append((event, str(args[0])))
sys.addaudithook(hook)
{imports}
print(json.dumps([seen, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("which", IMPORTS)
def test_importing_opens_no_display_file_or_socket(tmp_path, which):
    env = os.environ | {"DISPLAY": ":987", "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    code = WATCHED_IMPORT.format(imports=IMPORTS[which])
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    seen, modules = json.loads(done.stdout)
    assert seen == []
    assert not {"pystray", "tkinter", "pywinctl", "gi"} & set(modules)
    if which == "the program":
        assert not {"Xlib", "PIL", "sqlite3"} & set(modules)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_has_taken_its_place_is_left_as_it_is_at_the_close(path, tmp_path):
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE of_another_program (a)")
    adapter = SqliteAdapter(path)
    adapter.open()
    other.replace(path)
    adapter.close()
    assert journal_mode(path) == "wal"
