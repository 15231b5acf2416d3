"""A snapshot comes back as its own export would, and is never written to."""

import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

from reprospective_tray.errors import ImportFileError
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SCHEMA_VERSION, SqliteAdapter
from reprospective_tray.store.transfer.export import write_jsonl
from reprospective_tray.store.transfer.importers.import_batch import Imported, ImportOptions
from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
from reprospective_tray.store.transfer.importers.snapshot import (
    how_to_put_back,
    import_snapshot,
    is_sqlite,
)
from tests.unit.stored import at, fresh_adapter, session, timelines

DONE = session("2026-03-30T09:00:00+09:00", "2026-03-30T10:00:00+09:00", title="終了")
SECRET = session("2026-03-30T10:00:00+09:00", "2026-03-30T10:30:00+09:00", "KeePassXC", "a")
STILL = session("2026-03-30T10:30:00+09:00", "2026-03-30T11:00:00+09:00", open=True)


def opened(path: Path) -> SqliteAdapter:
    made = SqliteAdapter(path)
    made.open()
    return made


@pytest.fixture
def other(tmp_path: Path) -> SqliteAdapter:
    """The database that snapshots are made of."""
    made = opened(tmp_path / "other" / "local.db")
    with made.connection():
        SessionWriter(made, "desk").apply([Put(DONE), Put(SECRET), Put(STILL)])
    return made


@pytest.fixture
def file(tmp_path: Path, other: SqliteAdapter) -> Path:
    """A snapshot in a folder of its own."""
    target = tmp_path / "place" / "copy.db"
    target.parent.mkdir()
    other.snapshot(target)
    return target


@pytest.fixture
def adapter(tmp_path: Path) -> SqliteAdapter:
    return opened(tmp_path / "data" / "local.db")


def take(
    file: Path, adapter: SqliteAdapter, privacy=lambda *names: names, **options: bool
) -> Imported:
    return import_snapshot(
        *(file, adapter),
        privacy=privacy,
        progress=lambda *_: None,
        options=ImportOptions(**options),
    )


def rows(adapter: SqliteAdapter) -> list[dict]:
    with adapter.connection():
        return list(adapter.models.Session.select().order_by(adapter.models.Session.id).dicts())


def days(adapter: SqliteAdapter) -> list[tuple]:
    with adapter.connection():
        return list(adapter.models.Day.select().tuples())


def change(file: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement, values)


def state_of(file: Path) -> tuple:
    found = file.stat()
    names = sorted(each.name for each in file.parent.iterdir())
    return file.read_bytes(), found.st_mtime_ns, found.st_ino, names


def refused(file: Path, adapter: SqliteAdapter, **options: bool) -> str:
    """Return why `file` was refused; nothing of it was taken, and it is as it was."""
    before, held = state_of(file), rows(adapter)
    with pytest.raises(ImportFileError) as caught:
        take(file, adapter, **options)
    assert caught.value.remedy
    assert (state_of(file), rows(adapter)) == (before, held)
    return f"{caught.value} {caught.value.remedy}"


def test_its_sessions_come_closed_and_a_repeat_changes_nothing(
    file: Path, adapter: SqliteAdapter, other: SqliteAdapter
) -> None:
    before = state_of(file)
    assert take(file, adapter) == Imported(sessions=3, stored=3, private=0)
    found = rows(adapter)
    kept = ("uid", "device_id", "window_title", "started_at", "ended_at", "utc_offset_minutes")
    assert [[row[key] for key in kept] for row in found] == [
        [row[key] for key in kept] for row in rows(other)
    ]
    assert [row["open"] for row in found] == [0, 0, 0]
    totals = days(adapter)
    assert take(file, adapter) == Imported(sessions=3, stored=0, private=0)
    assert (rows(adapter), days(adapter)) == (found, totals)
    assert state_of(file) == before


@settings(max_examples=25)
@given(made=timelines())
def test_it_brings_what_the_export_of_the_same_database_brings(made, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("made")
    with fresh_adapter() as source:
        SessionWriter(source, "desk").apply([Put(each) for each in made])
        source.snapshot(folder / "copy.db")
        with (folder / "lines").open("w", encoding="utf-8") as stream:
            write_jsonl(Queries(source).stream(), stream)
    one, two = opened(folder / "one.db"), opened(folder / "two.db")
    given_lines = import_jsonl(
        folder / "lines", one, privacy=lambda *names: names, progress=lambda *_: None
    )
    assert take(folder / "copy.db", two) == given_lines
    assert (rows(one), days(one)) == (rows(two), days(two))


def test_privacy_rules_hold_for_it(file: Path, adapter: SqliteAdapter) -> None:
    def privacy(name: str, title: str) -> tuple[str, str] | None:
        return None if name == "KeePassXC" else (name, title)

    assert take(file, adapter, privacy) == Imported(sessions=3, stored=2, private=1)
    assert {row["application_name"] for row in rows(adapter)} == {"Code"}


def test_what_was_forgotten_stays_so_whichever_side_forgot_it(
    file: Path, adapter: SqliteAdapter, other: SqliteAdapter
) -> None:
    span = TimeRange(DONE.started_at, DONE.ended_at)
    take(file, adapter)
    with adapter.connection():
        forget(adapter, span)
    again = take(file, adapter)
    assert again.stored == 0
    assert "終了" not in [row["window_title"] for row in rows(adapter)]
    with other.connection():
        forget(other, span)
    other.snapshot(file)
    assert take(file, adapter).sessions == 2


def test_a_session_that_goes_on_here_is_not_set_back(file: Path, other: SqliteAdapter) -> None:
    longer = session("2026-03-30T10:30:00+09:00", "2026-03-30T12:00:00+09:00", open=True)
    with other.connection():
        writer = SessionWriter(other, "desk")
        writer.apply([Put(STILL), Put(type(longer)(**{**as_dict(longer), "uid": STILL.uid}))])
    before = rows(other)
    assert take(file, other).stored == 0
    assert rows(other) == before
    assert before[-1]["open"] == 1


def as_dict(one) -> dict:
    return {name: getattr(one, name) for name in type(one).__slots__}


def test_totals_whose_sessions_are_on_the_server_alone_are_counted_where_they_are_unknown(
    file: Path, adapter: SqliteAdapter, other: SqliteAdapter
) -> None:
    uid = DONE.uid
    for place in (file, other.path):
        change(place, "INSERT INTO desktop_activity_taken VALUES (?, 1)", uid)
        change(place, "DELETE FROM desktop_activity_sessions WHERE uid = ?", uid)
    done = take(file, adapter)
    assert (done.sessions, done.totals_alone) == (2, 1)
    assert uid not in {row["uid"] for row in rows(adapter)}
    said = how_to_put_back(file, adapter)
    assert str(file) in said
    assert str(adapter.path) in said
    assert take(file, other).totals_alone == 0
    with adapter.connection():
        SessionWriter(adapter, "desk").apply([Put(DONE)])
    assert take(file, adapter).totals_alone == 0


def test_one_of_an_older_version_is_read(file: Path, adapter: SqliteAdapter) -> None:
    for table in ("taken", "refused", "range_orders"):
        change(file, f"DROP TABLE desktop_activity_{table}")
    change(file, "PRAGMA user_version = 1")
    assert take(file, adapter) == Imported(sessions=3, stored=3, private=0)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("uid", "no uuid", "uid is not a UUID"),
        ("window_title", b"blob", "window_title"),
        ("source_host", 7.5, None),
        ("ended_at", "yesterday", "is not a time"),
        ("ended_at", 1 << 60, "is not a time"),
        ("ended_at", 1 << 50, "is not a time"),
        ("ended_at", at("2199-01-01T00:00:00Z"), "longer than a year"),
        ("started_at", -DAY_MS, "between 1970 and 2200"),
        ("revision", 0, "revision is not between"),
        ("revision", 1 << 40, "revision is not between"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(
    file: Path, adapter: SqliteAdapter, column: str, value: object, said: str | None
) -> None:
    row = 2 if column == "started_at" else 1
    for event in ("insert", "update"):  # what keeps such a row out
        change(file, f"DROP TRIGGER bounds_{event}")
    query = f"UPDATE desktop_activity_sessions SET {column} = ? WHERE id = ?"  # noqa: S608
    change(file, query, value, row)
    if said is None:
        assert take(file, adapter).stored == 3  # the column's type has made a text of it
        return
    text = refused(file, adapter)
    assert "1 bad row. Nothing was imported" in text
    assert said in text
    assert f"  row {row}: " in text
    assert str(adapter.path) in text


OVERLAP = at("2026-03-30T01:20:00Z")  # the second row begins 20 minutes before


@pytest.mark.trust
def test_what_is_recorded_here_already_stays_and_the_snapshot_gives_way(
    file: Path, adapter: SqliteAdapter
) -> None:
    with closing(sqlite3.connect(file)) as copy:
        query = "SELECT device_id FROM desktop_activity_sessions"
        device_id = copy.execute(query).fetchone()[0]
    here = session("2026-03-30T09:20:00+09:00", "2026-03-30T09:30:00+09:00", "Mail")
    with adapter.connection():
        adapter.adopt_device_id(device_id)
        SessionWriter(adapter, "desk").apply([Put(here)])
    done = take(file, adapter)
    assert (done.overlaps.sessions, done.overlaps.ms) == (1, 600_000)
    assert done.overlaps.lines[0].startswith("  row 1: 2026-03-30T00:20:00")
    found = sorted((row["started_at"], row["ended_at"]) for row in rows(adapter))
    assert all(end <= start for (_, end), (start, _) in pairwise(found))
    assert sum(end - start for start, end in found) == STILL.ended_at - DONE.started_at
    held = rows(adapter)
    assert take(file, adapter).stored == 0
    assert rows(adapter) == held


@pytest.mark.trust
def test_rows_that_overlap_give_way_to_the_one_before_and_are_refused_where_asked(
    file: Path, adapter: SqliteAdapter
) -> None:
    change(file, "UPDATE desktop_activity_sessions SET ended_at = ? WHERE id = 1", OVERLAP)
    text = refused(file, adapter, strict=True)
    assert "1 bad row. Nothing was imported" in text
    assert "  row 2: it overlaps row 1" in text
    done = take(file, adapter)
    assert (done.stored, done.overlaps.sessions) == (3, 1)
    assert done.overlaps.ms == OVERLAP - SECRET.started_at
    assert done.overlaps.lines[0].startswith("  row 2: ")
    assert rows(adapter)[1]["started_at"] == OVERLAP


def test_what_is_no_snapshot_is_said(file: Path, adapter: SqliteAdapter, tmp_path: Path) -> None:
    strange = tmp_path / "strange" / "x.db"
    strange.parent.mkdir()
    change(strange, "CREATE TABLE eventmodel (id INTEGER)")
    assert "not a snapshot" in refused(strange, adapter)
    change(strange, "CREATE VIEW desktop_activity_sessions AS SELECT * FROM eventmodel")
    assert "not a snapshot" in refused(strange, adapter)
    change(file, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    assert "newer version" in refused(file, adapter)


def test_damage_is_said_of_the_snapshot_and_not_of_the_database(
    file: Path, adapter: SqliteAdapter
) -> None:
    whole = file.read_bytes()
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'desktop_activity_sessions'"
        (page,) = connection.execute(query).fetchone()
    in_sessions = whole[: (page - 1) * 4096] + b"\xff" * 4096 + whole[page * 4096 :]
    for content in (whole[: len(whole) // 2], whole[:100], in_sessions):
        file.write_bytes(content)
        text = refused(file, adapter)
        assert str(file) in text
        assert str(adapter.path) not in text
        assert "damaged" in text


@pytest.mark.parametrize("with_wal", [False, True])
def test_a_plain_copy_of_a_running_database_is_read_and_left_as_it_is(
    tmp_path: Path, adapter: SqliteAdapter, other: SqliteAdapter, with_wal: bool
) -> None:
    file = tmp_path / "place" / "copy.db"
    file.parent.mkdir()
    with other.connection():
        last = session("2026-03-30T11:00:00+09:00", "2026-03-30T11:30:00+09:00", "Mail")
        if not with_wal:
            other.leave_no_wal()
        SessionWriter(other, "desk").apply([Put(last)])
        shutil.copy(other.path, file)
        if with_wal:
            shutil.copy(f"{other.path}-wal", f"{file}-wal")
    before = file.read_bytes(), file.stat().st_mtime_ns
    found = take(file, adapter)
    assert found.sessions == (4 if with_wal else 3)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    if not with_wal:
        assert list(file.parent.iterdir()) == [file]


def test_a_database_is_known_by_its_first_bytes(file: Path, tmp_path: Path) -> None:
    assert is_sqlite(file)
    lines = tmp_path / "lines"
    lines.write_text("SQLite format 3", "utf-8")
    for path in (lines, tmp_path, tmp_path / "absent"):
        assert not is_sqlite(path)
