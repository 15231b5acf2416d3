"""Files of any kind: an import takes them or names what is wrong; pytest's timeout bounds it."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprospective_tray.errors import ImportFileError
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.importers.activitywatch.importer import (
    Here,
    import_activitywatch,
)
from reprospective_tray.store.transfer.importers.import_batch import ImportOptions
from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
from reprospective_tray.store.transfer.importers.jsonl.line import LineReader
from tests.unit.activitywatch import afk, bucket, export, rows, window
from tests.unit.test_import_round_trip import assert_sound

pytestmark = pytest.mark.trust

MINUTES = 60_000

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["\x1b[2J", "\ud800", "\0", "1601-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]),
    st.sampled_from([[], {}, [[]], {"a": []}, 1e308, -0.0, 10**400]),
)
WINDOWS = st.builds(
    lambda start, length, app, title: window(start, start + length, app, title),
    st.integers(0, 60 * MINUTES),
    st.integers(-5, 60 * MINUTES),
    st.sampled_from(["Code", "Mail", None]),
    st.sampled_from(["a", "b", None]),
)
AWAY = st.builds(
    lambda start, length, status: afk(start, start + length, status),
    st.integers(0, 60 * MINUTES),
    st.integers(-5, 60 * MINUTES),
    st.sampled_from(["afk", "not-afk", "hibernating"]),
)


@st.composite
def spoilt(draw, events):
    """Draw an event, with something in it that may not be there."""
    event = draw(events)
    for key in draw(st.lists(st.sampled_from([*event, "data", "new"]), max_size=2)):
        event[key] = draw(ODD)
    for key in draw(st.lists(st.sampled_from(["app", "title", "status", "url"]), max_size=2)):
        if isinstance(event.get("data"), dict):
            event["data"] = {**event["data"], key: draw(ODD)}
    return draw(st.one_of(st.just(event), ODD)) if draw(st.integers(0, 9)) == 0 else event


@st.composite
def exports(draw):
    """Draw an export of any shape, which may be spoilt anywhere."""
    buckets = [
        bucket("currentwindow", draw(st.lists(spoilt(WINDOWS), max_size=6))),
        bucket("afkstatus", draw(st.lists(spoilt(AWAY), max_size=4))),
    ]
    for each in buckets:
        if draw(st.integers(0, 4)) == 0:
            each[draw(st.sampled_from(["events", "type", "hostname", "id"]))] = draw(ODD)
    named = {f"b{number}": each for number, each in enumerate(buckets)}
    shapes = [{"buckets": named}, named, buckets, {"buckets": buckets}, buckets[0]]
    bare = buckets[0]["events"]
    content = draw(st.sampled_from([*shapes, bare]))
    return json.dumps(content).encode("utf-8", "surrogatepass")


@st.composite
def lines(draw):
    """Draw lines of JSONL, of which some may be spoilt."""
    written = []
    for _ in range(draw(st.integers(0, 8))):
        event = draw(WINDOWS)
        start = event["timestamp"]
        end = draw(WINDOWS)["timestamp"]
        said = {
            "state": draw(st.sampled_from(["active", "idle", "locked"])),
            "application_name": "Code",
            "window_title": draw(st.text(max_size=5)),
            "started_at": min(start, end),
            "ended_at": max(start, end),
            "source_host": draw(st.sampled_from(["desk", "other"])),
        }
        if draw(st.booleans()):
            said["device_id"] = "0195d9c2-1f00-7000-8000-000000000001"
        if draw(st.booleans()):
            number = draw(st.integers(0, 3))
            said["uid"] = f"0195d9c2-1f00-7000-8000-00000000000{number}"
            said["revision"] = draw(st.integers(1, 3))
        if draw(st.integers(0, 7)) == 0:
            said[draw(st.sampled_from([*said, "utc_offset_minutes", "revision"]))] = draw(ODD)
        written.append(json.dumps(said))
    return "\n".join(written).encode("utf-8", "surrogatepass")


@st.composite
def torn(draw, files):
    """Draw a file some of whose bytes are others, or lack."""
    content = bytearray(draw(files))
    for _ in range(draw(st.integers(0, 3))):
        if content:
            place = draw(st.integers(0, len(content) - 1))
            content[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(content)


def take(take_file, content, adapter, **more):
    """Import twice: whatever is taken or refused, a repeat stores nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "file"
        file.write_bytes(content)
        how = {"privacy": lambda *names: names, "progress": lambda *_: None, **more}
        refusal = None
        try:
            take_file(file, adapter, **how)
        except ImportFileError as error:
            refusal = error
        before = rows_of(adapter)
        if refusal:
            assert (refusal.remedy != "", before) == (True, [])
        else:
            assert take_file(file, adapter, **how).stored == 0
            assert rows_of(adapter) == before
    with adapter.connection():
        assert_sound(adapter)


def rows_of(adapter):
    with adapter.connection():
        return rows(adapter)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    """One file for all examples: to make one takes longer than an import."""
    made = SqliteAdapter(tmp_path_factory.mktemp("fuzz") / "local.db")
    made.open()
    return made


def emptied(adapter):
    with adapter.connection(), adapter.writing():
        for table in (adapter.models.Session, adapter.models.Day):
            table.delete().execute()
    return adapter


def fuzz_activitywatch(adapter, content, *, strict):
    here = Here("desk", lambda ms: ms // MINUTES % 3 * 60, named="desk")
    options = ImportOptions(strict=strict)
    take(import_activitywatch, content, emptied(adapter), here=here, options=options)


def fuzz_jsonl(adapter, content):
    take(import_jsonl, content, emptied(adapter), reader=LineReader("desk", lambda _ms: 60))


QUICK = settings(max_examples=40, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=2000, suppress_health_check=list(HealthCheck))
EXPORTS, LINES = st.one_of(exports(), torn(exports())), st.one_of(lines(), torn(lines()))


@QUICK
@given(EXPORTS, st.booleans())
def test_any_export_of_activitywatch_is_taken_or_named(adapter, content, strict):
    fuzz_activitywatch(adapter, content, strict=strict)


@QUICK
@given(LINES)
def test_any_lines_are_taken_or_named(adapter, content):
    fuzz_jsonl(adapter, content)


@pytest.mark.long
@pytest.mark.timeout(3600)
@LONG
@given(EXPORTS, st.booleans())
def test_very_many_exports_of_activitywatch_are_taken_or_named(adapter, content, strict):
    fuzz_activitywatch(adapter, content, strict=strict)


@pytest.mark.long
@pytest.mark.timeout(3600)
@LONG
@given(LINES)
def test_very_many_lines_are_taken_or_named(adapter, content):
    fuzz_jsonl(adapter, content)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"buckets":{"b":{"type":"afkstatus","events":' + b"[" * 500_000,
        b'{"buckets":{"b":{"type":"afkstatus","events":[' + b"1," * 500_000 + b"1]}}}",
        b"[" + b"{}," * 300_000 + b"{}]",
        json.dumps(export([window(0, 3_600_000)] * 20_000)).encode(),
        json.dumps(export([window(n, 10**7 - n) for n in range(20_000)])).encode(),
        json.dumps(export([], [afk(n, 10**7) for n in range(20_000)])).encode(),
    ],
)
def test_large_files_without_sense_end_in_bounded_time(adapter, content):
    fuzz_activitywatch(adapter, content, strict=False)
