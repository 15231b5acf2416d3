"""The daily rollup is what the closed sessions add up to, whatever happened to them."""

from collections import defaultdict
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.model.sessions import (
    DAY_MS,
    MINUTE_MS,
    Put,
    Rewind,
    Session,
    StepBack,
)
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals
from tests.unit.stored import OFFSETS, START, at, fresh_adapter, row, session, timelines

Edges = tuple[int, int]


def rollup_of_rows(adapter: DatabaseAdapter) -> dict[Any, tuple[int, int, int, int]]:
    """Count again from the closed, living rows: ms, sessions, first and last by key."""
    found: dict[Any, list[Any]] = defaultdict(list)
    table = adapter.models.Session
    for each in table.select().where(table.open == 0, table.deleted == 0).dicts():
        for piece in pieces(each["started_at"], each["ended_at"], each["utc_offset_minutes"]):
            key = (piece.day, each["device_id"], each["state"], each["application_name"])
            found[key].append(piece)
    return {
        key: (
            sum(piece.ended_at - piece.started_at for piece in parts),
            len(parts),
            min(piece.started_at for piece in parts),
            max(piece.ended_at for piece in parts),
        )
        for key, parts in found.items()
    }


def rollup_as_kept(adapter: DatabaseAdapter) -> dict[Any, tuple[int, int, int, int]]:
    return {
        (day.day, day.device_id, day.state, day.application_name): (
            day.ms,
            day.sessions,
            day.first_at,
            day.last_at,
        )
        for day in adapter.models.Day.select()
    }


@given(st.integers(0, 20 * DAY_MS), st.integers(0, 4 * DAY_MS), st.sampled_from(OFFSETS))
def test_the_pieces_of_a_session_join_and_each_lies_on_one_day(after, length, offset):
    start = START + after
    parts = list(pieces(start, start + length, offset))
    assert parts[0].started_at == start
    assert parts[-1].ended_at == start + length
    for one, other in pairwise(parts):
        assert one.ended_at == other.started_at
    for part in parts:
        assert (part.ended_at + offset * MINUTE_MS - 1) // DAY_MS <= (
            part.started_at + offset * MINUTE_MS
        ) // DAY_MS
    assert len({part.day for part in parts}) == len(parts)


@settings(deadline=None, max_examples=60)
@given(timelines(), st.integers(0, 8 * DAY_MS), st.integers(1, 3 * 3_600_000), st.integers(0, 2))
def test_the_rollup_stays_true_through_closing_rewinding_and_clock_steps(
    fresh_adapter, timeline: list[Session], back: int, step: int, kind: int
):
    with fresh_adapter() as adapter:
        writer = SessionWriter(adapter, "desk")
        for each in timeline:
            writer.apply([Put(each)])
        end = timeline[-1].ended_at
        if kind == 1:
            writer.apply([Rewind(max(START, end - back))])
        elif kind == 2:
            writer.apply([StepBack(step, end - step)])
        assert rollup_as_kept(adapter) == rollup_of_rows(adapter)


@settings(deadline=None, max_examples=40)
@given(timelines(open_last=False), st.data())
def test_the_rollup_stays_true_when_newer_revisions_are_imported(fresh_adapter, timeline, data):
    with fresh_adapter() as adapter:
        writer = make_row_writer(adapter)
        rows = [row(each, adapter.device_id) for each in timeline]
        writer.write(rows)
        changed = [
            each
            | {
                "revision": 2,
                "ended_at": data.draw(st.integers(each["started_at"], each["ended_at"])),
            }
            for each in rows
            if data.draw(st.booleans())
        ]
        assert writer.write([*rows, *changed]) == len(changed)
        assert rollup_as_kept(adapter) == rollup_of_rows(adapter)


def test_an_edge_is_found_again_although_a_session_of_many_weeks_reaches_into_the_day(
    fresh_adapter,
):
    with fresh_adapter() as adapter:
        writer = SessionWriter(adapter, "desk")
        long = session("2026-03-01T09:00:00+01:00", "2026-05-20T09:00:00+01:00")
        last = session("2026-05-20T10:00:00+01:00", "2026-05-20T11:00:00+01:00")
        writer.apply([Put(long), Put(last), Rewind(last.started_at)])
        assert rollup_as_kept(adapter) == rollup_of_rows(adapter)
        kept = rollup_as_kept(adapter)["2026-05-20", adapter.device_id, "active", "Code"]
        assert kept[3] == at("2026-05-20T09:00:00+01:00")


def test_of_two_revisions_in_one_bulk_the_newer_is_kept_whatever_their_order(fresh_adapter):
    with fresh_adapter() as adapter:
        one = row(session("2026-03-28T09:00:00Z", "2026-03-28T10:00:00Z"), adapter.device_id)
        newer = one | {"revision": 2, "ended_at": one["ended_at"] + 60_000}
        assert make_row_writer(adapter).write([newer, one]) == 1
        assert adapter.models.Session.get().revision == 2
        assert rollup_as_kept(adapter) == rollup_of_rows(adapter)


def test_a_tombstone_and_an_open_row_are_not_overwritten_by_a_newer_revision(fresh_adapter):
    with fresh_adapter() as adapter:
        first = session("2026-03-28T09:00:00Z", "2026-03-28T10:00:00Z")
        still = session("2026-03-28T10:00:00Z", "2026-03-28T11:00:00Z", open=True)
        SessionWriter(adapter, "desk").apply([Put(still)])
        make_row_writer(adapter).write([row(first, adapter.device_id, deleted=1)])
        rows = [row(each, adapter.device_id, revision=9) for each in (first, still)]
        assert make_row_writer(adapter).write(rows) == 0
        assert rollup_as_kept(adapter) == {}


def test_the_edge_of_a_day_moves_to_where_what_was_forgotten_ends_or_begins():
    """Of sessions that retention took only the day's first and last moment are known."""
    begin, end = START, START + 60 * MINUTE_MS
    inside = begin + 20 * MINUTE_MS, begin + 40 * MINUTE_MS
    for since, until, edges in (
        (begin - 1, inside[0], (inside[0], end)),
        (begin, inside[0], (inside[0], end)),
        (inside[1], end, (begin, inside[1])),
        (inside[1], end + 1, (begin, inside[1])),
        (*inside, (begin, end)),
        (begin - 2, begin, (begin, end)),
        (end, end + 2, (begin, end)),
    ):
        with fresh_adapter() as adapter, adapter.writing():
            totals, day = DailyTotals(adapter), adapter.models.Day
            an_hour = session("2026-03-28T06:00+00:00", "2026-03-28T07:00+00:00")
            totals.add([row(an_hour, adapter.device_id)])
            totals.forget_edges(since, until, None)
            ((first, last),) = day.select(day.first_at, day.last_at).tuples()
        assert (first, last) == edges, (since - begin, until - begin)
