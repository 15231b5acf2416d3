"""Names, titles, times and lengths: within bounds from wherever they come, and cut as people read.

How it can fail: a way in that nobody thought of, an accent or half an emoji left at the cut, an
upgrade that counts a day twice, a session that lasts for a year and cannot be written any more.
"""

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.bounds import (
    LATEST_MS,
    LONGEST_MS,
    bounded,
    shortened,
)
from reprospective_tray.store.model.sessions import DAY_MS, Put
from reprospective_tray.store.outbox.apply_server_rows import ServerRowsApplier
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite import adapter as adapter_module
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.salvage import recovery
from tests.contract import days_of
from tests.unit.recording import assert_days_add_up, store
from tests.unit.stored import row, session

pytestmark = pytest.mark.trust

NINE, TEN = "2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
GRAPHEMES = {
    "an accent": "e\u0301",
    "two accents": "a\u0323\u0302",
    "a family": FAMILY,
    "a skin tone": "\U0001f44d\U0001f3fd",
    "a flag": "\U0001f1ef\U0001f1f5",
    "Scotland": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a coloured heart": "\u2764\ufe0f",
    "a Korean syllable in letters": "\u1112\u1161\u11ab",
    "a syllable of Hindi": "\u0928\u093f",
    "a keycap": "1\ufe0f\u20e3",
}


@pytest.mark.parametrize("what", GRAPHEMES)
def test_a_cut_goes_through_no_grapheme(what: str):
    one = GRAPHEMES[what]
    for before in range(len(one) + 1):
        text = "x" * before + one * 20
        cut = shortened(text, 15)
        assert len(cut) <= 15
        assert cut.endswith("…")
        kept = cut[:-1].removeprefix("x" * before)
        assert kept == one * (len(kept) // len(one)), ascii(cut)


@given(st.text(max_size=60), st.integers(2, 40))
def test_what_fits_stays_and_what_does_not_begins_the_same(text: str, longest: int):
    cut = shortened(text, longest)
    assert len(cut) <= longest
    assert cut == text if len(text) <= longest else text.startswith(cut[:-1])


def test_one_grapheme_without_end_is_cut_all_the_same():
    assert shortened("e" + "\u0301" * 5000, 256) == "e" + "\u0301" * 254 + "…"


@given(st.integers(-(2**62), 2**62), st.integers(0, 2**62))
def test_times_end_up_within_the_bounds(start: int, length: int):
    names = {"source_host": "", "application_name": "", "window_title": ""}
    found = bounded({**names, "started_at": start, "ended_at": start + length})
    assert 0 <= found["started_at"] <= found["ended_at"] <= LATEST_MS
    assert found["ended_at"] - found["started_at"] <= LONGEST_MS


def test_what_is_recorded_and_what_is_written_in_bulk_is_cut(tmp_path: Path):
    adapter = SqliteAdapter(tmp_path / "x.db")
    adapter.open()
    long = session(NINE, TEN, "n" * 3000, "t" * 9000)
    lasting = replace(session(TEN, TEN), ended_at=session(TEN, TEN).started_at + 3 * LONGEST_MS)
    with adapter.connection():
        SessionWriter(adapter, "h" * 300).apply([Put(long), Put(lasting)])
        imported = row(session("2026-03-30T07:00:00Z", "2026-03-30T08:00:00Z", "N" * 300), "other")
        make_row_writer(adapter).write([imported])
        table = adapter.models.Session
        found = list(table.select().order_by(table.id).dicts())
        lengths = [
            (len(one["source_host"]), len(one["application_name"]), len(one["window_title"]))
            for one in found
        ]
        days = days_of(adapter)
    assert lengths[0] == (256, 256, 4096)
    assert lengths[2][1] == 256
    assert found[1]["ended_at"] - found[1]["started_at"] == LONGEST_MS
    assert {len(key[4]) for key in days} == {256, len("Code")}


LONG = {"application_name": "n" * 3000, "window_title": "t" * 9000, "source_host": "h" * 300}
CUT = ("n" * 255 + "…", "t" * 4095 + "…", "h" * 255 + "…")


def texts(adapter: SqliteAdapter) -> tuple[str, str, str]:
    one = adapter.models.Session.get()
    return one.application_name, one.window_title, one.source_host


def test_what_an_older_server_sends_back_is_cut(tmp_path: Path):
    with store(tmp_path / "x.db") as (adapter, writer):
        writer.apply([Put(session(NINE, TEN))])
        held = adapter.models.Session.select().dicts().get()
        version = held | LONG | {"revision": 9}
        pair = ((held["id"], held["revision"]), version)
        ServerRowsApplier(adapter, adapter.device_id).take([pair], 1)
        assert texts(adapter) == CUT
    assert_days_add_up(tmp_path / "x.db")


@pytest.mark.parametrize("is_open", [0, 1])
def test_what_is_saved_from_a_damaged_file_of_an_older_version_is_cut(tmp_path: Path, is_open: int):
    damaged = tmp_path / "damaged.db"
    with store(damaged) as (adapter, writer):
        writer.apply([Put(session(NINE, TEN))])
        let_in_anything(damaged)
        adapter.models.Session.update(LONG | {"open": is_open}).execute()
    with store(tmp_path / "x.db") as (adapter, _writer):
        assert recovery.take_over(damaged, adapter, threading.Event()) == 1
        assert texts(adapter) == CUT


def let_in_anything(path: Path) -> None:
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("DROP TRIGGER bounds_insert")
        plain.execute("DROP TRIGGER bounds_update")
        plain.commit()


@pytest.mark.parametrize(
    "change",
    [
        {"application_name": "n" * 257},
        {"window_title": "t" * 4097},
        {"source_host": "h" * 257},
        {"started_at": -1},
        {"ended_at": LATEST_MS + 1},
    ],
)
def test_the_file_itself_takes_nothing_else(tmp_path: Path, change: dict[str, object]):
    adapter = SqliteAdapter(tmp_path / "x.db")
    adapter.open()
    with adapter.connection():
        one = row(session(NINE, TEN), adapter.device_id)
        with pytest.raises(peewee.IntegrityError, match="out of bounds"):
            adapter.models.Session.insert(one | change).execute()
        adapter.models.Session.insert(one).execute()
        with pytest.raises(peewee.IntegrityError, match="out of bounds"):
            adapter.models.Session.update(change).execute()


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the version before, with what that one let in."""
    path = tmp_path / "older.db"
    adapter = SqliteAdapter(path)
    adapter.open()
    let_in_anything(path)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("DELETE FROM schema_migration WHERE name LIKE '0003%'")
        plain.execute("PRAGMA user_version = 2")
        plain.commit()
    monkeypatch.setattr("reprospective_tray.store.sqlite.rows.row_writer.bounded", lambda row: row)
    with adapter.connection():
        first = row(session(NINE, TEN, "n" * 255 + "one"), adapter.device_id)
        second = row(session(TEN, "2026-03-30T11:00:00Z", "n" * 255 + "two"), adapter.device_id)
        good = row(session("2026-03-30T12:00:00Z", "2026-03-30T13:00:00Z"), adapter.device_id)
        ages = row(session("2026-04-30T12:00:00Z", "2029-04-30T12:00:00Z"), "of another")
        make_row_writer(adapter).write([first, second, good, ages])
        adapter.models.Session.update(synced=1).execute()
    return path


def test_an_upgrade_cuts_what_is_there_and_its_days_with_it(older: Path):
    adapter = SqliteAdapter(older)
    adapter.open()
    with adapter.connection():
        table = adapter.models.Session
        found = list(table.select().order_by(table.id).dicts())
        days = days_of(adapter)
        lasted: dict[str, int] = {}
        for one in found:
            name = one["application_name"]
            lasted[name] = lasted.get(name, 0) + one["ended_at"] - one["started_at"]
    assert [one["revision"] for one in found] == [2, 2, 1, 2]
    assert [one["synced"] for one in found] == [0, 0, 1, 0]
    assert found[0]["application_name"] == found[1]["application_name"] == "n" * 255 + "…"
    assert found[3]["ended_at"] - found[3]["started_at"] == LONGEST_MS == 366 * DAY_MS
    counted: dict[str, int] = {}
    for key, figures in days.items():
        counted[key[4]] = counted.get(key[4], 0) + figures[0]
    assert counted == lasted
    assert {key[4]: figures[1] for key, figures in days.items()}["n" * 255 + "…"] == 2


def test_an_upgrade_reads_text_that_is_no_utf_8(older: Path):
    with closing(sqlite3.connect(older)) as plain:
        plain.execute(
            "UPDATE desktop_activity_sessions SET application_name = CAST(? AS TEXT) WHERE id = 1",
            [b"\xff" * 300],
        )
        plain.commit()
    adapter = SqliteAdapter(older)
    adapter.open()
    with adapter.connection():
        assert len(adapter.models.Session.get_by_id(1).application_name) == 256


def test_the_version_is_counted_on():
    assert adapter_module.SCHEMA_VERSION == 5
