"""Lines that do not say how late it was on the wall: split where the clocks changed."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.model.sessions import DAY_MS
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.importers.clock import between_changes, offsets_of
from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
from reprospective_tray.store.transfer.importers.jsonl.line import LineReader
from tests.contract import counted, days_of
from tests.unit.stored import at

pytestmark = pytest.mark.trust

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "UTC"]


def line(start, end, **more):
    return json.dumps(
        {
            "state": "active",
            "application_name": "Code",
            "window_title": "a",
            "started_at": start,
            "ended_at": end,
        }
        | more
    )


@pytest.fixture
def adapter(tmp_path):
    made = SqliteAdapter(tmp_path / "data" / "local.db")
    made.open()
    return made


@pytest.fixture
def load(tmp_path, adapter):
    def load_them(*lines, zone="Europe/Berlin"):
        file = tmp_path / "lines.jsonl"
        file.write_text("\n".join(lines))
        reader = LineReader("desk", offsets_of(ZoneInfo(zone)))
        import_jsonl(
            file,
            adapter,
            privacy=lambda *names: names,
            progress=lambda *_: None,
            reader=reader,
        )
        with adapter.connection():
            table = adapter.models.Session
            found = list(table.select().order_by(table.started_at).dicts())
            assert days_of(adapter) == counted(found)
            return found

    return load_them


@pytest.mark.parametrize(
    ("start", "end", "parts"),
    [
        (
            "2025-03-29T20:00:00Z",
            "2025-03-30T03:00:00Z",
            [("2025-03-30T01:00:00Z", 60), ("2025-03-30T03:00:00Z", 120)],
        ),
        (
            "2025-10-25T22:00:00Z",
            "2025-10-26T02:00:00Z",
            [("2025-10-26T01:00:00Z", 120), ("2025-10-26T02:00:00Z", 60)],
        ),
        # The offset is the same at both ends.
        (
            "2025-03-01T00:00:00Z",
            "2025-11-01T00:00:00Z",
            [
                ("2025-03-30T01:00:00Z", 60),
                ("2025-10-26T01:00:00Z", 120),
                ("2025-11-01T00:00:00Z", 60),
            ],
        ),
        ("2025-03-30T01:00:00Z", "2025-03-30T03:00:00Z", [("2025-03-30T03:00:00Z", 120)]),
        ("2025-03-29T20:00:00Z", "2025-03-30T01:00:00Z", [("2025-03-30T01:00:00Z", 60)]),
        ("2025-03-30T01:00:00Z", "2025-03-30T01:00:00Z", [("2025-03-30T01:00:00Z", 120)]),
    ],
)
def test_a_line_without_an_offset_is_split_where_the_clocks_changed(load, start, end, parts):
    found = load(line(start, end))
    assert [(row["ended_at"], row["utc_offset_minutes"]) for row in found] == [
        (at(until), offset) for until, offset in parts
    ]
    assert [row["started_at"] for row in found] == [
        at(start),
        *(at(until) for until, _offset in parts[:-1]),
    ]
    assert load(line(start, end)) == found


def test_the_first_part_has_the_uid_of_the_line_and_a_line_with_an_offset_is_whole(load):
    uid = "019d3608-3200-7992-8593-4e38a6c414ce"
    first, second = load(line("2025-03-29T20:00:00Z", "2025-03-30T03:00:00Z", uid=uid))
    assert (first["uid"], second["uid"] != uid) == (uid, True)
    whole, *_rest = load(
        line("2024-03-30T20:00:00Z", "2024-03-31T03:00:00Z", utc_offset_minutes=60)
    )
    assert (whole["utc_offset_minutes"], whole["ended_at"]) == (60, at("2024-03-31T03:00:00Z"))


@given(st.sampled_from(ZONES), st.integers(0, 1_900_000_000), st.integers(0, 400 * 86_400))
def test_parts_follow_each_other_and_each_has_its_one_offset(zone, start, seconds):
    offset_minutes = offsets_of(ZoneInfo(zone))
    begin, end = start * 1000, (start + seconds) * 1000
    parts = list(between_changes(begin, end, offset_minutes))
    assert [part[0] for part in parts] == [begin, *(part[1] for part in parts[:-1])]
    assert parts[-1][1] == end
    for since, until, offset in parts:
        for ms in (*range(since, until, DAY_MS // 4), max(since, until - 1)):
            utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
            assert utc.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(minutes=offset)


@pytest.mark.parametrize(
    ("options", "zone"), [([], "Europe/Berlin"), (["--zone", "Europe/Berlin"], "Asia/Tokyo")]
)
def test_the_command_goes_by_the_zone_of_the_machine_or_the_one_that_is_named(
    user, tmp_path, options, zone
):
    file = tmp_path / "lines.jsonl"
    file.write_text(line("2025-03-29T20:00:00Z", "2025-03-30T03:00:00Z"))
    environment = {**os.environ, **user.env, "TZ": zone}

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "reprospective_tray", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("import", *options, str(file))
    assert done.returncode == 0, done.stderr
    found = [json.loads(each) for each in run("export").stdout.splitlines()]
    assert [each["utc_offset_minutes"] for each in found] == [60, 120]
    refused = run("import", "--zone", "Europe/Nowhere", str(file))
    assert (refused.returncode, "not a time zone" in refused.stderr) == (2, True)
