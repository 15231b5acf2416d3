"""Exports: the contract's keys, and nothing a spreadsheet would run."""

import csv
import io
import json
import tracemalloc

import pytest

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.sessions import Put, State
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.export import COLUMNS, write_csv, write_jsonl
from tests.unit.stored import row, session


def stored(number: int = 1, name: str = "Code", title: str = "a.py") -> StoredSession:
    return StoredSession(
        uid="0195d9c2-1f00-7000-8000-000000000001",
        device_id="dev",
        source_host="desk",
        original_id=number,
        state=State.ACTIVE,
        application_name=name,
        window_title=title,
        started_at=1_774_861_200_001,
        ended_at=1_774_861_201_235,
        utc_offset_minutes=540,
        open=True,
        synced=False,
        revision=3,
    )


def test_a_line_has_the_keys_and_the_values_of_the_contract():
    stream = io.StringIO()
    assert write_jsonl([stored(title="終了 \N{GRINNING FACE}\u2028")], stream) == 1
    assert json.loads(stream.getvalue()) == {
        "uid": "0195d9c2-1f00-7000-8000-000000000001",
        "device_id": "dev",
        "source_host": "desk",
        "original_id": 1,
        "state": "active",
        "application_name": "Code",
        "window_title": "終了 \N{GRINNING FACE}\u2028",
        "started_at": "2026-03-30T09:00:00.001Z",
        "ended_at": "2026-03-30T09:00:01.235Z",
        "duration_seconds": 1.234,
        "utc_offset_minutes": 540,
        "open": True,
        "synced": False,
        "revision": 3,
    }
    assert stream.getvalue().endswith("}\n")
    assert "終了" in stream.getvalue()


def test_lines_come_in_the_order_of_their_start(fresh_adapter):
    with fresh_adapter() as adapter:
        late = session("2026-03-30T11:00:00Z", "2026-03-30T12:00:00Z")
        early = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z")
        make_row_writer(adapter).write(
            [row(late, adapter.device_id), row(early, adapter.device_id)]
        )
        stream = io.StringIO()
        write_jsonl(Queries(adapter).stream(), stream)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert [line["uid"] for line in lines] == [early.uid, late.uid]
        known = [line["original_id"] for line in lines]
        assert known == ([2, 1] if isinstance(adapter, SqliteAdapter) else [None, None])


def test_a_csv_has_one_row_a_session_and_the_same_columns():
    stream = io.StringIO(newline="")
    assert write_csv([stored(title='with "quotes", commas\nand lines')], stream) == 1
    header, cells = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert tuple(header) == COLUMNS
    found = dict(zip(header, cells, strict=True))
    assert found["window_title"] == 'with "quotes", commas\nand lines'
    assert (found["open"], found["synced"], found["duration_seconds"]) == ("true", "false", "1.234")


@pytest.mark.parametrize(
    "title",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\N{FULLWIDTH EQUALS SIGN}1",
        "\uff20x",
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(title):
    stream = io.StringIO(newline="")
    write_csv([stored(title=title, name=title)], stream)
    _header, cells = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert cells[5] == cells[6] == f"'{title}"


def test_numbers_are_no_formulas(fresh_adapter):
    stream = io.StringIO()
    with fresh_adapter() as adapter:
        west = session("2026-03-30T09:00:00-08:00", "2026-03-30T10:00:00-08:00")
        SessionWriter(adapter, "desk").apply([Put(west)])
        write_csv(Queries(adapter).stream(), stream)
    assert ",-480," in stream.getvalue()


class Sink(io.StringIO):
    """A stream that forgets."""

    def write(self, text: str) -> int:
        return len(text)


@pytest.mark.parametrize("write", [write_jsonl, write_csv])
def test_an_export_streams_in_constant_memory(write):
    tracemalloc.start()
    try:
        write((stored(number) for number in range(5_000)), Sink())
        _now, small = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        write((stored(number) for number in range(50_000)), Sink())
        _now, large = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert large < small * 1.5
