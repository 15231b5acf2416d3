"""What is forgotten is gone: from the rows, the totals, the bytes of the files, and for good.

How it can fail: a row is missed or one too many goes; a cut loses or doubles time; a total keeps
what went; a title is left in a page, the -wal or beside the file; an import, the open session or
idle time brings it back; what retention had taken is not ordered from the server.
"""

import sqlite3
import threading
from collections import defaultdict
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.errors import StoreError
from reprospective_tray.store.forget import erase
from reprospective_tray.store.forget.erase import Forgetting, forget
from reprospective_tray.store.forget.selection import TimeRange, look_ahead
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.model.sessions import (
    DAY_MS,
    Put,
    Rewind,
    State,
)
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.rows.row_writer import SqliteRowWriter
from reprospective_tray.store.sqlite.salvage import recovery
from reprospective_tray.sync.retention import Retention
from tests.unit.recording import T0, assert_days_add_up, rows_of, session, spans, store
from tests.unit.stored import fresh_adapter, row

HOUR = 3_600_000
MARK = "a title nobody may read again"
GO_ON = threading.Event()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def fill(path: Path, *sessions) -> None:
    with store(path) as (_adapter, writer):
        writer.apply([Put(each) for each in sessions])


def forget_in(path: Path, since: int, until: int, application: str | None = None):
    """Forget a range in ms after T0."""
    with store(path) as (adapter, _writer):
        return forget(adapter, TimeRange(T0 + since, T0 + until, application))


def test_what_lies_inside_becomes_a_tombstone_that_waits_for_the_server(path):
    fill(path, session(0, 10), session(10, 20, "b"), session(20, 30, "c"))
    with closing(sqlite3.connect(path)) as server, server:
        server.execute("UPDATE desktop_activity_sessions SET synced = 1, revision = 5")
    done = forget_in(path, 10, 20)
    assert (done.sessions, done.clipped, done.ms) == (1, 0, 10)
    assert spans(path) == [("app", 0, 10), ("c", 20, 30)]
    columns = "application_name, window_title, process_id, open, revision, synced"
    assert rows_of(path, columns, "deleted = 1") == [("", "", None, 0, 6, 0)]
    assert_days_add_up(path)


def test_a_session_over_a_border_is_cut_and_its_pieces_are_new_ones(path):
    whole = session(0, 100, "long", utc_offset_minutes=540)
    fill(path, whole)
    done = forget_in(path, 30, 60)
    assert (done.sessions, done.clipped, done.ms) == (1, 1, 30)
    assert spans(path) == [("long", 0, 30), ("long", 60, 100)]
    columns = "window_title, utc_offset_minutes, open, revision, synced, source_host, process_id"
    assert rows_of(path, columns) == [("title", 540, 0, 1, 0, "host", 42)] * 2
    uids = {uid for (uid,) in rows_of(path, "uid")}
    assert len(uids) == 2
    assert rows_of(path, "uid", "deleted = 1") == [(whole.uid,)]
    assert whole.uid not in uids
    assert_days_add_up(path)


@pytest.mark.parametrize(
    ("start", "end", "stays"),
    [
        (0, 10, True),
        (20, 30, True),
        (10, 10, False),
        (20, 20, True),
        (9, 11, False),
        (19, 21, False),
        (10, 20, False),
    ],
)
def test_the_range_includes_its_beginning_and_not_its_end(path, start, end, stays):
    one = session(start, end)
    fill(path, one)
    forget_in(path, 10, 20)
    assert rows_of(path, "deleted", f"uid = '{one.uid}'") == [(0 if stays else 1,)]


def test_one_application_goes_whatever_the_case_and_others_stay(path):
    idle = session(20, 30, "", state=State.IDLE, window_title="")
    fill(path, session(0, 10, "Code"), session(10, 20, "Codec"), idle, session(30, 40, "Code"))
    assert forget_in(path, 0, 40, "cODE").sessions == 2
    assert spans(path) == [("Codec", 10, 20), ("", 20, 30)]
    assert forget_in(path, 0, 40, "Cod").sessions == 0
    assert_days_add_up(path)


def test_idle_time_goes_with_the_rest_and_every_device_of_the_file(path):
    fill(path, session(0, 10, "", state=State.IDLE, window_title=""))
    with store(path) as (adapter, _writer):
        SqliteRowWriter(adapter).write([row(session(0, 20), "another device", "elsewhere")])
    forget_in(path, 5, 30)
    assert sorted(spans(path)) == [("", 0, 5), ("app", 0, 5)]
    assert_days_add_up(path)


def test_a_row_that_another_device_left_open_is_cut_like_a_closed_one(path):
    with store(path) as (adapter, _writer):
        SqliteRowWriter(adapter).write([row(session(-50, -1), "another device")])
        still = row(session(0, 20), "another device", open=1)
        adapter.models.Session.insert(still).execute()
        forget(adapter, TimeRange(T0 + 5, T0 + 10))
    assert rows_of(path, "started_at - 1700000000000, ended_at - 1700000000000, open") == [
        (-50, -1, 0),
        (0, 5, 0),
        (10, 20, 0),
    ]
    assert_days_add_up(path)


def test_forgetting_twice_changes_nothing_more(path):
    fill(path, session(0, 100))
    forget_in(path, 30, 60)
    before = rows_of(path, "*", "1")
    assert forget_in(path, 30, 60).sessions == 0
    assert rows_of(path, "*", "1") == before


def test_the_pieces_do_not_hide_the_open_session_from_idle_time(path):
    """They have newer ids than the sessions after them."""
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 100, "a")), Put(session(100, 200, "b", open=True))])
        forget(adapter, TimeRange(T0 + 50, T0 + 60))
        writer.apply([Rewind(T0 + 150)])
    assert spans(path) == [("a", 0, 50), ("a", 60, 100), ("b", 100, 150)]
    assert_days_add_up(path)


def bytes_beside(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


@pytest.mark.parametrize("titles", [12, 700, 9000])
def test_no_byte_of_a_title_or_a_name_is_left_in_any_file(path, titles):
    """Short titles share pages that are rebuilt; long ones have pages of their own."""
    with store(path) as (adapter, writer):
        for number in range(300):
            mine = number % 3 == 0
            text = (MARK if mine else "keep") + f" {number} " + "x" * (number * 7 % titles)
            name = f"secret program {number}" if mine else "app"
            going_on = session(number * 10, number * 10, name, window_title=text, open=True)
            writer.apply([Put(going_on)])
            ended = session(number * 10, number * 10 + 9, name, window_title=text)
            writer.apply([Put(replace(ended, uid=going_on.uid))])
        assert MARK.encode() in bytes_beside(path)
        done = forget(adapter, TimeRange(T0 - DAY_MS, T0 + DAY_MS))
        assert done.scrubbed
        # While it is open, -wal and -shm included.
        found = bytes_beside(path)
    assert MARK.encode() not in found
    assert b"secret program" not in found
    assert MARK.encode() not in bytes_beside(path)


def test_titles_that_an_older_version_left_in_free_pages_go_as_well(path):
    fill(path, *[session(n * 10, n * 10 + 9, window_title=f"{MARK} {n}") for n in range(400)])
    with closing(sqlite3.connect(path)) as careless, careless:
        careless.execute("PRAGMA secure_delete = 0")
        careless.execute("DELETE FROM desktop_activity_sessions WHERE id % 3 > 0")
        careless.execute("DELETE FROM desktop_activity_meta WHERE key = 'secure_delete'")
    assert f"{MARK} 1".encode() in bytes_beside(path)
    assert forget_in(path, 0, DAY_MS).scrubbed
    assert MARK.encode() not in bytes_beside(path)


def test_a_reader_that_keeps_the_wal_is_told_of_and_a_repeat_finishes(path):
    fill(path, session(0, 10, window_title=MARK))
    with closing(sqlite3.connect(path)) as reader:
        with store(path) as (adapter, writer):
            writer.apply([Put(session(10, 20))])
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM desktop_activity_sessions").fetchone()
            adapter.be_patient(0.05)
            assert not forget(adapter, TimeRange(T0, T0 + 10)).scrubbed
            reader.execute("COMMIT")
            assert forget(adapter, TimeRange(T0, T0 + 10)).scrubbed
        assert MARK.encode() not in bytes_beside(path)


def test_files_beside_the_database_that_hold_titles_are_named(path):
    fill(path, session(0, 10))
    aside = path.with_name("local.damaged-20260101T000000.db")
    leftover = Path(f"{path}.leftover")
    aside.write_bytes(b"x")
    leftover.write_bytes(b"x")
    assert forget_in(path, 0, 10).other_files == [str(aside), str(leftover)]


def test_what_the_server_said_of_a_title_goes_with_it(path):
    with store(path) as (adapter, writer):
        one = session(0, 10)
        writer.apply([Put(one)])
        adapter.models.Refused.insert(uid=one.uid, revision=1, reason=MARK, refused_at=1).execute()
        forget(adapter, TimeRange(T0, T0 + 10))
        assert adapter.models.Refused.select().count() == 0


def test_it_waits_for_a_damaged_file_that_is_still_being_taken_over(path):
    fill(path, session(0, 10))
    with store(path) as (adapter, _writer):
        recovery.adopt([path.with_name("local.damaged-1.db")], adapter)
        with pytest.raises(StoreError, match="being copied"):
            forget(adapter, TimeRange(T0, T0 + 10))
    assert len(rows_of(path)) == 1


def test_a_long_range_goes_in_steps_between_which_others_can_write(path, monkeypatch):
    monkeypatch.setattr(erase, "_ROWS_A_STEP", 10)
    fill(path, *[session(n // 3, n // 3 + 1) for n in range(100)])
    with store(path) as (adapter, writer):
        work = Forgetting(TimeRange(T0, T0 + HOUR))
        steps = 0
        while work.step(adapter):
            steps += 1
            writer.apply([Put(session(HOUR + steps, HOUR + steps + 1, "new"))])
        assert (steps, work.done.sessions) == (10, 100)
    assert {name for name, _start, _end in spans(path)} == {"new"}
    assert_days_add_up(path)


def test_the_prospect_is_what_then_goes(path):
    fill(path, session(0, 100), session(100, 200, "b"), session(200, 300, "c"))
    with store(path) as (adapter, _writer):
        ahead = look_ahead(adapter, T0 + 50, T0 + 150)
        done = forget(adapter, TimeRange(T0 + 50, T0 + 150))
        assert (ahead.sessions, ahead.clipped) == (done.sessions, done.clipped) == (2, 2)
        assert (ahead.ms, ahead.taken) == (done.ms, False)
        FileMeta(adapter).put(MetaKey.RETENTION_HORIZON, T0 + 60)
        assert look_ahead(adapter, T0 + 60, T0 + 150).taken
        assert not look_ahead(adapter, T0 + 61, T0 + 150).taken
        # Nothing was ever recorded on those days, so there is nothing to order from the server.
        assert not look_ahead(adapter, T0 - 90 * DAY_MS, T0 - 60 * DAY_MS).taken


def test_while_a_session_goes_on_the_prospect_counts_it_up_to_now(path):
    with store(path) as (adapter, writer):
        writer.apply([Put(session(0, 100)), Put(session(100, 200, "b", open=True))])

        def ahead(since, until, application=None):
            found = look_ahead(adapter, T0 + since, T0 + until, application, open_until=T0 + 900)
            return found.sessions, found.clipped, found.ms

        assert ahead(0, 900) == (2, 0, 900)
        assert ahead(500, 900) == (1, 1, 400)
        assert ahead(500, 600) == (1, 1, 100)
        assert ahead(50, 150) == (2, 2, 100)
        assert ahead(500, 900, "B") == (1, 1, 400)
        assert ahead(500, 900, "app") == (0, 0, 0)
        assert ahead(900, 950) == (0, 0, 0)
        # Where nothing records, what a killed run left open has ended with what it wrote last.
        assert look_ahead(adapter, T0 + 500, T0 + 900).sessions == 0


def taken_rows(adapter: SqliteAdapter, *rows) -> None:
    """Let retention take these rows."""
    SqliteRowWriter(adapter).write([each | {"synced": 1, "synced_at": 1} for each in rows])
    uids = [each["uid"] for each in rows]
    session_ = adapter.models.Session
    session_.update(synced=0).where(session_.uid.not_in(uids)).execute()
    assert Retention(adapter).run(7, T0 + 400 * DAY_MS, GO_ON) == len(rows)


def test_what_retention_took_is_ordered_from_the_server_and_its_days_totals_go():
    with fresh_adapter() as adapter:
        own, other = adapter.device_id, "11111111-1111-4111-8111-111111111111"
        FileMeta(adapter).put(MetaKey.FORMER_DEVICE_IDS, ["former"])
        # T0 is 22:13 UTC.
        taken_rows(
            adapter,
            row(session(0, HOUR, "a"), own),
            row(session(2 * DAY_MS, 2 * DAY_MS + HOUR, "a"), own),
            row(session(0, HOUR, "b"), other),
            row(session(40 * DAY_MS, 40 * DAY_MS + 9, "b"), "unconcerned"),
        )
        here = [session(HOUR + 5, HOUR + 9, "a"), session(-9, 5, "c"), session(HOUR, HOUR, "c")]
        SqliteRowWriter(adapter).write([row(each, own) for each in here])
        done = forget(adapter, TimeRange(T0 + 10, T0 + HOUR))
        assert (done.ordered, done.sessions, done.scrubbed, done.totals) == (True, 0, True, 2)
        order = adapter.models.RangeOrder.get()
        assert msgspec.json.decode(order.device_ids) == sorted([own, other, "former"])
        assert (order.started_at, order.ended_at) == (T0 + 10, T0 + HOUR)
        assert (order.application_name, order.acknowledged) == (None, 0)
        assert adapter.models.Taken.select().count() == 4
        kept = {(day.device_id, day.ms) for day in adapter.models.Day.select() if day.ms}
        assert kept == {(own, 4), (own, 14), (own, HOUR), ("unconcerned", 9)}


def test_an_order_ends_where_retention_has_taken_nothing_and_names_the_application():
    with fresh_adapter() as adapter:
        own = adapter.device_id
        taken_rows(adapter, row(session(0, 10, "Code"), own), row(session(10, 20, "b"), own))
        forget(adapter, TimeRange(T0 + 5, T0 + DAY_MS, "code"))
        order = adapter.models.RangeOrder.get()
        assert (order.ended_at, order.application_name) == (T0 + 21, "Code")
        assert [day.application_name for day in adapter.models.Day.select()] == ["b"]
        forget(adapter, TimeRange(T0 + 21, T0 + DAY_MS))
        assert adapter.models.RangeOrder.select().count() == 1


def test_no_edge_of_a_day_stays_in_a_forgotten_range():
    with fresh_adapter() as adapter:
        own = adapter.device_id
        first, last = session(-9 * HOUR, -8 * HOUR), session(-7 * HOUR, -6 * HOUR)
        taken_rows(adapter, row(session(-5 * HOUR, -4 * HOUR), own))
        SqliteRowWriter(adapter).write([row(first, own), row(last, own)])
        FileMeta(adapter).put(MetaKey.RETENTION_HORIZON, 0)  # nothing of this range was taken
        forget(adapter, TimeRange(T0 - 9 * HOUR, T0 - 5 * HOUR - 1))
        day = adapter.models.Day.get()
        assert (day.ms, day.sessions) == (HOUR, 1)
        assert (day.first_at, day.last_at) == (T0 - 5 * HOUR - 1, T0 - 4 * HOUR)


# --- the property: rollup = all living sessions there ever were, to the millisecond ---

MOMENTS = st.integers(0, 6 * 24).map(lambda quarter: quarter * HOUR // 2)
STEPS = st.one_of(
    st.tuples(st.just("record"), st.integers(1, 9), st.sampled_from("ab")),
    st.tuples(st.just("retain"), st.integers(0, 6), st.none()),
    st.tuples(st.just("import"), st.integers(0, 40), st.integers(0, 1)),
    st.tuples(st.just("forget"), MOMENTS, MOMENTS),
    st.tuples(st.just("forget a"), MOMENTS, MOMENTS),
)


class Log:
    """What there ever was, kept apart from the database: rows, and where each of them is."""

    def __init__(self, adapter: SqliteAdapter) -> None:
        self.adapter = adapter
        self.rows: dict[str, dict] = {}
        self.exported: list[dict] = []
        self.end = T0

    @staticmethod
    def totals(rows) -> dict:
        found: dict = defaultdict(lambda: [0, 0])
        for each in rows:
            for piece in pieces(each["started_at"], each["ended_at"], each["utc_offset_minutes"]):
                total = found[piece.day, each["application_name"]]
                total[0] += piece.ended_at - piece.started_at
                total[1] += 1
        return dict(found)

    def living(self) -> dict[str, dict]:
        table = self.adapter.models.Session
        return {each["uid"]: each for each in table.select().where(table.deleted == 0).dicts()}

    def record(self, halves: int, name: str) -> None:
        end = self.end + halves * HOUR // 2
        one = session(self.end - T0, end - T0, name, utc_offset_minutes=60 * (halves % 3))
        SessionWriter(self.adapter, "host").apply([Put(one)])
        self.end = end
        self.rows[one.uid] = self.living()[one.uid]
        self.exported.append(dict(self.rows[one.uid]))

    def retain(self, half_days: int) -> None:
        table = self.adapter.models.Session
        table.update(synced=1, synced_at=1).execute()
        FileMeta(self.adapter).put(MetaKey.RETENTION_DUE, None)
        Retention(self.adapter).run(1, T0 + (half_days + 2) * DAY_MS // 2, GO_ON)

    def bring_back(self, number: int, newer: int) -> None:
        if self.exported:
            one = self.exported[number % len(self.exported)]
            old = {key: value for key, value in one.items() if key != "id"}
            there = old["uid"] in self.living()
            taken = {each.uid for each in self.adapter.models.Taken.select()}
            row_ = old | {"revision": old["revision"] + newer, "synced": 0}
            SqliteRowWriter(self.adapter).write([row_])
            after = self.living()
            if there and newer:
                self.rows[old["uid"]] = after[old["uid"]]
            assert (old["uid"] in after) <= (there or old["uid"] in taken)

    def forget(self, since: int, until: int, name: str | None) -> None:
        since, until = T0 + min(since, until), T0 + max(since, until) + 1
        before = self.living()
        away = {uid for uid in self.rows if uid not in before}
        done = forget(self.adapter, TimeRange(since, until, name))
        after = self.living()
        for uid in before:
            if uid not in after:
                del self.rows[uid]
        self.rows |= {uid: each for uid, each in after.items() if uid not in self.rows}
        for each in after.values():
            assert name not in (None, each["application_name"]) or (
                each["ended_at"] <= since or each["started_at"] >= until
            )
        if done.ordered:
            self._forget_away(away)

    def _forget_away(self, away: set[str]) -> None:
        """Whole days went for what the server alone has: take the database's word for which."""
        kept = {(day.day, day.application_name): day.ms for day in self.adapter.models.Day.select()}
        here = self.totals(self.living().values())
        for uid in away:
            each = self.rows[uid]
            parts = list(pieces(each["started_at"], each["ended_at"], each["utc_offset_minutes"]))
            keys = [(part.day, each["application_name"]) for part in parts]
            stay = [kept.get(key, 0) > here.get(key, [0])[0] for key in keys]
            if all(stay):
                continue
            del self.rows[uid]  # what is left of it never comes back
            for part, stays in zip(parts, stay, strict=True):
                if stays:
                    still = {"started_at": part.started_at, "ended_at": part.ended_at}
                    self.rows[f"{uid} {part.day}"] = each | still


@settings(deadline=None, max_examples=120)
@given(st.lists(STEPS, min_size=4, max_size=25))
@pytest.mark.long
def test_totals_are_those_of_all_living_sessions_whatever_was_taken_returned_and_forgotten(steps):
    with fresh_adapter() as adapter:
        log = Log(adapter)
        for kind, one, other in steps:
            match kind:
                case "record":
                    log.record(one, other)
                case "retain":
                    log.retain(one)
                case "import":
                    log.bring_back(one, other)
                case "forget":
                    log.forget(one, other, None)
                case "forget a":
                    log.forget(one, other, "a")
            found = {
                (day.day, day.application_name): [day.ms, day.sessions]
                for day in adapter.models.Day.select()
            }
            assert found == log.totals(log.rows.values())
            for key, raw in log.totals(log.living().values()).items():
                assert raw[0] <= found[key][0]
                assert raw[1] <= found[key][1]
            for day in adapter.models.Day.select():
                assert day.first_at <= day.last_at
