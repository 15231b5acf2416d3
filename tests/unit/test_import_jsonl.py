"""Imports: checked whole, then taken by uid, so that a repeat changes nothing."""

import io
import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from reprospective_tray.errors import ImportFileError
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.sessions import Put, State
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.export import write_jsonl
from reprospective_tray.store.transfer.importers.import_batch import ImportOptions
from reprospective_tray.store.transfer.importers.jsonl import importer as jsonl
from reprospective_tray.store.transfer.importers.jsonl.importer import Phase, import_jsonl
from reprospective_tray.store.transfer.importers.jsonl.line import LONGEST_LINE, LineReader
from reprospective_tray.sync.retention import Retention
from tests.unit.stored import at, session

LEAST = {
    "state": "active",
    "application_name": "Code",
    "window_title": "a.py",
    "started_at": "2026-03-30T09:00:00.000Z",
    "ended_at": "2026-03-30T09:30:00.000Z",
}


def line(**changes: object) -> str:
    said = LEAST | changes
    return json.dumps({key: value for key, value in said.items() if value is not ...})


def later(number: int, **changes: object) -> str:
    """Return a line that begins `number` half hours after the end of the first one."""
    begin = datetime(2026, 3, 30, 9, 30, tzinfo=UTC) + number * timedelta(minutes=30)
    end = begin + timedelta(minutes=30)
    return line(started_at=begin.isoformat(), ended_at=end.isoformat(), **changes)


@pytest.fixture
def adapter(tmp_path):
    made = SqliteAdapter(tmp_path / "data" / "local.db")
    made.open()
    return made


@pytest.fixture
def take(tmp_path, adapter):
    """Import some lines; the reader stands in Tokyo."""

    def take_them(*lines, privacy=lambda *names: names, progress=lambda *_: None, **options):
        file = tmp_path / "import.jsonl"
        content = "\n".join(lines) if lines and isinstance(lines[0], str) else b"".join(lines)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        reader = LineReader("here", lambda _ms: 540)
        return import_jsonl(
            file,
            adapter,
            privacy=privacy,
            progress=progress,
            reader=reader,
            options=ImportOptions(**options),
        )

    return take_them


def rows(adapter):
    with adapter.connection():
        return list(adapter.models.Session.select().order_by(adapter.models.Session.id).dicts())


def test_what_is_missing_is_filled_in(take, adapter):
    assert take(line()).stored == 1
    (row,) = rows(adapter)
    assert row["source_host"] == "here"
    assert row["device_id"] == derived_device_id("here") != adapter.device_id
    assert row["utc_offset_minutes"] == 540
    assert (row["revision"], row["open"], row["synced"], row["synced_at"]) == (1, 0, 0, None)
    assert row["uid"][14] == "7"
    assert (row["started_at"], row["ended_at"]) == (
        at("2026-03-30T09:00:00Z"),
        at("2026-03-30T09:30:00Z"),
    )


def test_a_repeat_changes_nothing(take, adapter):
    lines = [line(), later(0, window_title="b.py")]
    assert take(*lines).stored == 2
    before = rows(adapter)
    assert take(*lines).stored == 0
    assert rows(adapter) == before


def test_the_same_line_twice_is_one_session(take):
    assert take(line(), line()).stored == 1


@pytest.mark.parametrize(
    "change",
    [
        {"source_host": "other"},
        {"state": "idle"},
        {"application_name": "Firefox"},
        {"window_title": "b.py"},
        {"started_at": "2026-03-30T08:59:00.000Z"},
        {"ended_at": "2026-03-30T09:31:00.000Z"},
    ],
)
def test_a_line_that_differs_in_any_of_what_makes_its_uid_is_another_session(change):
    reader = LineReader("here", lambda _ms: 540)
    (one,), (other,) = reader.read(line().encode()), reader.read(line(**change).encode())
    assert one["uid"] != other["uid"]


def test_an_export_comes_back_as_it_was_but_closed(tmp_path, adapter):
    stream = io.StringIO()
    other = SqliteAdapter(tmp_path / "other" / "local.db")
    other.open()
    with other.connection():
        still = session("2026-03-30T10:00:00+09:00", "2026-03-30T11:00:00+09:00", open=True)
        done = session("2026-03-30T09:00:00+09:00", "2026-03-30T10:00:00+09:00", title="終了")
        SessionWriter(other, "desk").apply([Put(done), Put(still)])
        write_jsonl(Queries(other).stream(), stream)
        before = list(Queries(other).stream())
    file = tmp_path / "export.jsonl"
    file.write_text(stream.getvalue(), "utf-8")

    def import_it():
        return import_jsonl(file, adapter, privacy=lambda *names: names, progress=lambda *_: None)

    assert import_it().stored == 2
    with adapter.connection():
        after = list(Queries(adapter).stream())
    assert [(each.uid, each.device_id, each.window_title) for each in after] == [
        (each.uid, each.device_id, each.window_title) for each in before
    ]
    assert [each.utc_offset_minutes for each in after] == [540, 540]
    assert not any(each.open for each in after)
    assert import_it().stored == 0


def test_a_newer_revision_replaces_and_an_older_one_does_not(take, adapter):
    uid = "0195d9c2-1f00-7000-8000-00000000000a"
    assert take(line(uid=uid, revision=2)).stored == 1
    assert take(line(uid=uid.upper(), revision=1, window_title="old")).stored == 0
    assert take(line(uid=uid, revision=3, ended_at="2026-03-30T09:45:00Z")).stored == 1
    (row,) = rows(adapter)
    assert (row["revision"], row["ended_at"]) == (3, at("2026-03-30T09:45:00Z"))


@pytest.mark.parametrize(
    "text", ["2026-03-30T18:00:00.250+09:00", "2026-03-30 09:00:00.250+0000", "20260330T090000.25Z"]
)
def test_any_iso_offset_is_understood(take, adapter, text):
    take(line(started_at=text))
    assert rows(adapter)[0]["started_at"] == at("2026-03-30T09:00:00.250+00:00")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (line(started_at="2026-03-30T09:00:00"), "no offset"),
        (line(started_at="2026-02-30T09:00:00Z"), "not an ISO 8601 time"),
        (line(ended_at="2026-03-30T08:59:59.999Z"), "before started_at"),
        (line(started_at="1969-12-31T23:00:00Z"), "1970"),
        (line(ended_at="2300-01-01T00:00:00Z"), "2200"),
        (line(ended_at="2040-01-01T00:00:00Z"), "a year"),
        (line(state="asleep"), "state"),
        (line(state=...), "state"),
        (line(window_title=None), "window_title"),
        (line(application_name=7), "application_name"),
        (line(uid="not-a-uid"), "uid"),
        (line(device_id="not-a-uid"), "device_id"),
        (line(utc_offset_minutes=2000), "utc_offset_minutes"),
        (line(revision=0), "revision"),
        (line(revision=2**40), "revision"),
        ("[]", "object"),
        ('{"state": "active"', "malformed|truncated"),
        ('{"new": ' + "[" * 100_000, "recursion"),
        (line(window_title="x" * LONGEST_LINE), "longer than"),
    ],
)
def test_a_bad_line_is_named_by_number_and_nothing_is_taken(take, adapter, bad, said):
    with pytest.raises(ImportFileError, match=said) as caught:
        take(line(), "", bad, later(0))
    assert "line 3: " in str(caught.value)
    assert "line 4" not in str(caught.value)
    assert caught.value.remedy
    assert rows(adapter) == []


def test_the_first_twenty_bad_lines_are_shown_and_the_others_counted(take):
    with pytest.raises(ImportFileError) as caught:
        take(*["nonsense"] * 25)
    assert "25 bad lines" in str(caught.value)
    assert "line 20:" in str(caught.value)
    assert "line 21:" not in str(caught.value)
    assert "and 5 more" in str(caught.value)


def test_bytes_that_are_no_utf8_are_refused_with_their_line(take):
    with pytest.raises(ImportFileError, match="line 2: it is not UTF-8"):
        take(line().encode() + b"\n", line(window_title="?").encode().replace(b"?", b"\xff"))


def test_a_bom_blank_lines_and_windows_line_ends_are_fine(take):
    text = "\r\n".join(["\ufeff" + line(), "", "  ", later(0), ""])
    assert take(text.encode()).stored == 2


def test_unknown_keys_are_ignored(take):
    assert take(line(colour="red", duration_seconds=99, open=True, synced=True)).stored == 1


def test_what_no_database_can_hold_is_cleaned(take, adapter):
    take(line(window_title="a\x00b\ud83dc", application_name="x\ud800"))
    (row,) = rows(adapter)
    assert row["window_title"] == "a\ufffdb\ufffdc"
    assert row["application_name"] == "x\ufffd"


def test_a_nul_alone_is_cleaned_too(take, adapter):
    take(line(window_title="a\x00b", application_name="\x00", source_host="h\x00"))
    (row,) = rows(adapter)
    assert (row["window_title"], row["application_name"]) == ("a\ufffdb", "\ufffd")
    assert row["source_host"] == "h\ufffd"


def test_privacy_rules_drop_and_redact_and_a_repeat_still_changes_nothing(take, adapter):
    def privacy(name, title):
        return None if name == "KeePassXC" else (name, "" if "secret" in title else title)

    lines = [line(application_name="KeePassXC"), later(0, window_title="secret plan"), later(1)]
    done = take(*lines, privacy=privacy)
    assert (done.sessions, done.stored, done.private) == (3, 2, 1)
    assert sorted(row["window_title"] for row in rows(adapter)) == ["", "a.py"]
    assert take(*lines, privacy=privacy).stored == 0


def test_idle_rows_have_no_names_and_no_rule_is_asked_about_them(take, adapter):
    take(line(state="idle"), privacy=lambda *_names: None)
    (row,) = rows(adapter)
    assert (row["state"], row["application_name"], row["window_title"]) == (State.IDLE, "", "")


def test_an_interrupted_import_is_finished_by_a_repeat(take, adapter, monkeypatch):
    monkeypatch.setattr(jsonl, "_CHUNK", 2)
    lines = [later(number) for number in range(7)]

    def interrupt(phase, done, total):
        if phase is Phase.WRITING and done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(*lines, progress=interrupt)
    held = len(rows(adapter))
    assert 0 < held < 7
    assert take(*lines).stored == 7 - held
    assert len(rows(adapter)) == 7


def test_progress_runs_once_through_each_phase_to_its_end(take):
    seen = []
    take(line(), progress=lambda *step: seen.append(step))
    size = len(line())
    assert seen == [(Phase.CHECKING, size, size), (Phase.WRITING, size, size)]


def test_sessions_of_one_device_that_overlap_are_refused_with_both_lines_where_asked(take, adapter):
    over = line(started_at="2026-03-30T09:29:59.999Z", ended_at="2026-03-30T09:40:00.000Z")
    with pytest.raises(ImportFileError, match="line 3: it overlaps line 2"):
        take("", line(), over, later(1), strict=True)
    assert rows(adapter) == []
    elsewhere = json.dumps(json.loads(over) | {"source_host": "other"})
    empty = line(started_at="2026-03-30T09:20:00Z", ended_at="2026-03-30T09:20:00Z")
    assert take(line(), elsewhere, line(), empty, later(0)).stored == 4


def in_minutes(number: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=number)).isoformat()


def test_a_session_that_is_yet_to_come_is_refused(take):
    with pytest.raises(ImportFileError, match="line 1: it ends in the future"):
        take(line(started_at=in_minutes(0), ended_at=in_minutes(25 * 60)))
    assert take(line(started_at=in_minutes(-10), ended_at=in_minutes(23 * 60))).stored == 1


def test_a_coming_session_of_this_very_device_is_refused_unless_it_is_held(take, adapter):
    coming = line(
        device_id=adapter.device_id,
        uid="0195d9c2-1f00-7000-8000-00000000000a",
        started_at=in_minutes(-10),
        ended_at=in_minutes(10),
    )
    with pytest.raises(ImportFileError, match="line 2: it is this computer's own"):
        take(line(), coming)
    assert rows(adapter) == []
    held = session("2026-03-29T09:00:00Z", "2026-03-29T09:30:00Z")
    with adapter.connection():
        SessionWriter(adapter, "desk").apply([Put(held)])
    again = json.dumps(json.loads(coming) | {"uid": held.uid})
    assert take(line(), again).stored == 1
    newer = json.dumps(json.loads(again) | {"revision": 2})
    with pytest.raises(ImportFileError, match="own"):
        take(newer)


def test_a_bad_file_makes_no_database(tmp_path):
    fresh = SqliteAdapter(tmp_path / "fresh" / "local.db")
    file = tmp_path / "import.jsonl"
    file.write_text("nonsense\n")
    with pytest.raises(ImportFileError):
        import_jsonl(file, fresh, privacy=lambda *names: names, progress=lambda *_: None)
    assert not fresh.path.parent.exists()


def test_a_missing_file_a_folder_and_a_pipe_are_said(adapter, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none.jsonl", tmp_path, tmp_path / "pipe"):
        with pytest.raises(ImportFileError) as caught:
            import_jsonl(path, adapter, privacy=lambda *names: names, progress=lambda *_: None)
        assert str(path) in str(caught.value)
        assert caught.value.remedy


def test_a_local_offset_is_that_of_the_time_of_the_session(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        reader = jsonl.local_reader()
        (winter,), (summer,) = (
            reader.read(
                line(
                    started_at=f"2026-{m}-10T09:00:00Z", ended_at=f"2026-{m}-10T09:00:01Z"
                ).encode()
            )
            for m in ("01", "07")
        )
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (winter["utc_offset_minutes"], summer["utc_offset_minutes"]) == (60, 120)


def retain(adapter):
    """Let retention take everything, as if it were on the server for long."""
    with adapter.connection():
        adapter.models.Session.update(synced=1, synced_at=1).execute()
        return Retention(adapter).run(7, at("2027-01-01T00:00:00Z"), threading.Event())


def days(adapter):
    with adapter.connection():
        return list(adapter.models.Day.select().tuples())


def taken(adapter):
    with adapter.connection():
        return adapter.models.Taken.select().count()


def test_what_retention_took_comes_back_as_a_row_that_waits_and_is_counted_once(take, adapter):
    take(line(), later(1))
    before, totals = rows(adapter), days(adapter)
    assert retain(adapter) == 2
    assert rows(adapter) == []
    again = take(line(), later(1))
    assert (again.stored, again.on_server, again.forgotten) == (2, 0, 0)
    assert [row["uid"] for row in rows(adapter)] == [row["uid"] for row in before]
    assert {row["synced"] for row in rows(adapter)} == {0}
    assert days(adapter) == totals
    assert taken(adapter) == 0
    assert take(line(), later(1)).stored == 0
    assert days(adapter) == totals


def test_another_revision_of_what_retention_took_is_left_to_the_server(take, adapter):
    uid = "019d3000-0000-7000-8000-000000000001"
    take(line(uid=uid, revision=3))
    totals = days(adapter)
    retain(adapter)
    for revision in (2, 4):
        done = take(line(uid=uid, revision=revision))
        assert (done.stored, done.on_server) == (0, 1)
    assert rows(adapter) == []
    assert days(adapter) == totals
    assert taken(adapter) == 1


def test_what_lies_in_a_forgotten_range_is_not_brought_back_and_its_neighbours_count_once(
    take, adapter
):
    names = {"application_name": "Mail"}
    lines = [line(), later(0, **names), later(1), later(200)]
    take(*lines)
    retain(adapter)
    with adapter.connection():
        since, until = at("2026-03-30T09:10:00Z"), at("2026-03-30T09:45:00Z")
        assert forget(adapter, TimeRange(since, until, "Code")).ordered
    totals = days(adapter)
    done = take(*lines)
    # The first lies in the range; of the day of the third the totals are gone, too.
    assert (done.forgotten, done.on_server, done.stored) == (1, 1, 2)
    assert {row["application_name"] for row in rows(adapter)} == {"Mail", "Code"}
    assert days(adapter) == totals
    # A device that the order does not name is not concerned.
    assert take(line(source_host="elsewhere")).stored == 1
