"""What `export` writes, `import` takes: whatever was recorded, forgotten, imported or retained."""

import io
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import (
    Put,
    Rewind,
    Session,
    State,
    StepBack,
)
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.transfer.export import write_jsonl
from reprospective_tray.store.transfer.importers.import_batch import ImportOptions
from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
from reprospective_tray.sync.retention import Retention
from tests.contract import counted, days_of
from tests.unit.stored import OFFSETS, START, at, fresh_adapter

pytestmark = pytest.mark.trust

HOUR = 3_600_000
LENGTHS = st.one_of(st.integers(0, 3000), st.integers(0, 3 * HOUR))
STEPS = st.one_of(
    st.tuples(st.just("session"), LENGTHS, st.sampled_from(["Code", "Mail", "端末"])),
    st.tuples(st.just("gap"), LENGTHS, st.just("")),
    st.tuples(st.just("idle"), LENGTHS, st.just("")),
    st.tuples(st.just("clock back"), st.integers(1, 26 * HOUR), st.just("")),
    st.tuples(st.just("restart"), st.just(0), st.just("")),
    st.tuples(st.just("forget"), LENGTHS, st.sampled_from(["", "Code"])),
    st.tuples(st.just("zone"), st.sampled_from(OFFSETS), st.just("")),
)
HISTORIES = st.lists(STEPS, max_size=14)


class Computer:
    """One that records into a file of its own; its clock is not always right."""

    def __init__(self, adapter, host):
        self.adapter, self.host = adapter, host
        self.clock, self.offset = START, 60
        self.writer = SessionWriter(adapter, host)

    def live(self, steps):
        for what, number, name in steps:
            getattr(self, what.replace(" ", "_"))(number, name)
        self.put(5000, State.ACTIVE, "Code", is_open=True)

    def put(self, length, state, name, *, is_open=False):
        # No session begins before another run's is over: the monitor sees to it.
        self.clock = max([self.clock, *(row[1] for row in self.rows())])
        end = self.clock + length
        one = Session(
            *(new_uid(self.clock), state, name, "a" if name else "", None),
            *(self.clock, end, self.offset, is_open),
        )
        self.writer.apply([Put(one)])
        self.clock = end

    def rows(self):
        table = self.adapter.models.Session
        found = table.select(table.started_at, table.ended_at).where(
            table.deleted == 0, table.device_id == self.adapter.device_id
        )
        return list(found.tuples())

    def session(self, length, name):
        self.put(length, State.ACTIVE, name)

    def gap(self, length, _name):
        self.clock += length

    def idle(self, length, _name):
        before = self.clock
        self.writer.apply([Rewind(before - length)])
        self.clock = max([before - length, *(row[1] for row in self.rows())])
        self.put(max(before - self.clock, 0), State.IDLE, "")

    def clock_back(self, step, _name):
        self.writer.apply([StepBack(step, self.clock - step)])
        self.clock -= step

    def restart(self, _number, _name):
        self.writer = SessionWriter(self.adapter, self.host)
        self.writer.recover()

    def forget(self, length, name):
        middle = self.clock - length
        forget(self.adapter, TimeRange(middle - length, middle, name or None))

    def zone(self, offset, _name):
        self.offset = offset


def exported(adapter):
    stream = io.StringIO()
    write_jsonl(Queries(adapter).stream(), stream)
    return stream.getvalue()


def load(adapter, text, **options):
    """Import `text`, on a connection of its own."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder) / "export.jsonl"
        file.write_text(text, "utf-8")
        work = thread.submit(
            import_jsonl,
            file,
            adapter,
            privacy=lambda *names: names,
            progress=lambda *_: None,
            options=ImportOptions(**options),
        )
        return work.result()


def said(adapter):
    """Return what the living rows say, in the order of an export."""
    kept = ("uid", "device_id", "source_host", "state", "application_name", "window_title")
    times = ("started_at", "ended_at", "utc_offset_minutes", "revision")
    return [
        tuple(getattr(each, name) for name in (*kept, *times))
        for each in sorted(Queries(adapter).stream(), key=lambda each: each.uid)
    ]


def assert_sound(adapter):
    table = adapter.models.Session
    order = (table.device_id, table.started_at, table.ended_at)
    found = list(table.select().where(table.deleted == 0).order_by(*order).dicts())
    # One without length may lie within another: it takes no time.
    lasting = [row for row in found if row["started_at"] < row["ended_at"]]
    for before, after in pairwise(lasting):
        if before["device_id"] == after["device_id"]:
            assert before["ended_at"] <= after["started_at"], (before, after)
    assert days_of(adapter) == counted(row for row in found if not row["open"])


@settings(max_examples=8)
@given(st.lists(HISTORIES, min_size=1, max_size=3), st.booleans())
def test_what_export_writes_import_takes_always(histories, one_host):
    check_round_trip(histories, one_host)


@pytest.mark.long
@settings(max_examples=300)
@given(st.lists(HISTORIES, min_size=1, max_size=3), st.booleans())
def test_what_export_writes_import_takes_always_in_many_histories(histories, one_host):
    check_round_trip(histories, one_host)


def check_round_trip(histories, one_host):
    with ExitStack() as stack:
        computers = [
            Computer(stack.enter_context(fresh_adapter()), "desk" if one_host else f"desk {number}")
            for number in range(len(histories))
        ]
        hub, fresh = (stack.enter_context(fresh_adapter()) for _ in range(2))
        for computer, history in zip(computers, histories, strict=True):
            computer.live(history[: len(history) // 2])
            done = load(hub, exported(computer.adapter), strict=True)
            assert done.overlaps.sessions == 0
            computer.restart(0, "")
            computer.live(history[len(history) // 2 :])
            text = exported(computer.adapter)
            before = said(computer.adapter)
            assert load(computer.adapter, text, strict=True).stored == 0
            assert said(computer.adapter) == before
            # What it has forgotten since, or recorded anew in that time, is held there: it stays.
            load(hub, text, strict=True)
            assert_sound(hub)
        text = exported(hub)
        done = load(fresh, text, strict=True)
        assert (done.overlaps.sessions, said(fresh)) == (0, said(hub))
        assert_sound(fresh)
        _retain(hub)
        totals = days_of(hub)
        held = said(fresh)
        again = load(hub, text, strict=True)
        assert (again.overlaps.sessions, said(hub), days_of(hub)) == (0, held, totals)


def _retain(adapter):
    table = adapter.models.Session
    table.update(synced=1, synced_at=1).where(table.deleted == 0).execute()
    taken = Retention(adapter).run(7, at("2027-01-01T00:00:00Z"), threading.Event())
    assert taken >= 0
    assert said(adapter) == []
