"""The figures of a time sheet: nothing is lost, counted twice or made by rounding.

How it can fail: an entry over several computers counts its time twice; a time at midnight, or by
another clock, is on no day or on two; rounding or cents lose or make more than their step; what
has no category disappears; the order of what was read decides; a day whose sessions are gone
counts less.
"""

import itertools
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.model.entries import without_overlaps
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import State
from reprospective_tray.store.model.totals import ApplicationDay
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.summary.timesheet.rounding import Rounding, rounded, share
from reprospective_tray.summary.timesheet.sheet import Rate, build
from tests.unit.sheet_values import (
    CATEGORIES,
    EURO,
    MINUTE,
    MONDAY,
    TWO_DAYS,
    entries,
    entry,
    groups,
    monday_and_tuesday,
    roundings,
    work,
)
from tests.unit.stored import FIRST_DAY, fresh_adapter, row, stored, timelines

DAYS = DayRange(FIRST_DAY, FIRST_DAY + timedelta(days=2))


def figures(sheet):
    """Return the minutes of each row: tracked, manual, rounded."""
    return {
        (each.day[-2:], each.category, each.billable): (
            each.tracked_ms / MINUTE,
            each.manual_ms / MINUTE,
            each.rounded_ms / MINUTE,
        )
        for each in sheet.rows
    }


def manual_by_day(sessions, found):
    """Return the ms of entries that no active session covers, by day: cut at every border."""
    active = [(s.started_at, s.ended_at) for s in sessions if s.state is State.ACTIVE]
    total = defaultdict(int)
    for each in without_overlaps(found):
        for piece in pieces(each.started_at, each.ended_at, each.utc_offset_minutes):
            borders = {piece.started_at, piece.ended_at}
            borders |= {m for span in active for m in span if piece.started_at < m < piece.ended_at}
            for start, end in itertools.pairwise(sorted(borders)):
                if not any(first <= start and end <= last for first, last in active):
                    total[piece.day] += end - start
    return total


def test_the_sheet_of_the_picture():
    sheet = monday_and_tuesday()
    assert figures(sheet) == {
        ("23", "Customers > Harbour", True): (132, 0, 135),
        ("23", "Leisure", False): (30, 0, 30),
        ("24", "Customers > Harbour", True): (116, 45, 165),
    }
    assert [row.amount for row in sheet.rows] == [Decimal("180.00"), 0, Decimal("220.00")]
    assert (sheet.amount, sheet.uncategorised_ms) == (Decimal("400.00"), 14 * MINUTE)
    assert sheet.total_ms == (132 + 8 + 30 + 116 + 6 + 45) * MINUTE


def test_an_entry_takes_the_active_time_under_it_and_the_rest_of_it_is_manual():
    sheet = build(
        MONDAY,
        [
            work("09:00", "10:00"),
            work("10:00", "10:20", state=State.IDLE),
            work("10:30", "11:00", "Files"),
        ],
        [entry("09:30", "10:45", note="call")],
        CATEGORIES,
    )
    assert figures(sheet) == {
        ("23", "Customers > Harbour", True): (45, 30, 75),
        ("23", "Work > Coding", True): (30, 0, 30),
    }
    assert sheet.uncategorised == {"2026-11-23": 15 * MINUTE}


def test_computers_add_up_and_an_entry_counts_once():
    sessions = [work("09:00", "10:00"), work("09:00", "09:30", host="laptop")]
    sheet = build(MONDAY, sessions, [entry("09:00", "10:30")], CATEGORIES)
    assert figures(sheet) == {("23", "Customers > Harbour", True): (90, 30, 120)}


def test_an_entry_by_rule_and_one_by_hand_make_one_row_and_what_is_not_billable_another():
    found = [
        entry("08:00", "08:30", "Work > Coding", "b"),
        entry("07:00", "07:30", "Work>Coding", "a"),
        entry("06:00", "06:10", "Work > Coding", "own", billable=False),
    ]
    sheet = build(MONDAY, [work("09:00", "10:00")], found, CATEGORIES, rate=EURO)
    assert figures(sheet) == {
        ("23", "Work > Coding", True): (60, 60, 120),
        ("23", "Work > Coding", False): (0, 10, 10),
    }
    assert [(row.notes, row.amount) for row in sheet.rows] == [
        (("a", "b"), Decimal("160.00")),
        (("own",), Decimal("0.00")),
    ]


def test_what_lies_over_midnight_is_on_both_days():
    until = "2026-11-24T01:00:00+09:00"
    sheet = build(TWO_DAYS, [work("23:00", until)], [entry("23:30", until)], CATEGORIES)
    assert figures(sheet) == {
        ("23", "Customers > Harbour", True): (30, 0, 30),
        ("23", "Work > Coding", True): (30, 0, 30),
        ("24", "Customers > Harbour", True): (60, 0, 60),
    }


@pytest.mark.parametrize(
    ("name", "minutes"), [("6m:up", 24), ("6m:nearest", 24), ("15m:nearest", 15), ("30m:up", 30)]
)
def test_a_row_is_rounded_up_or_to_the_nearest_step(name, minutes):
    step, _m, way = name.partition("m:")
    rounding = Rounding(int(step), up=way == "up")
    sheet = build(MONDAY, [work("09:00", "09:21")], [], CATEGORIES, rounding=rounding)
    assert rounding.name == name
    assert figures(sheet) == {("23", "Work > Coding", True): (21, 0, minutes)}


def test_each_entry_is_rounded_by_itself_where_that_is_asked_for():
    found = [entry("07:00", "07:05"), entry("08:00", "08:05")]
    one, each = (
        build(MONDAY, [], found, CATEGORIES, rounding=Rounding(15, up=True, per=per)).rounded_ms
        for per in ("category", "entry")
    )
    assert (one, each) == (15 * MINUTE, 30 * MINUTE)


@pytest.mark.parametrize(
    ("currency", "amount"), [("EUR", "26.67"), ("JPY", "27"), ("KWD", "26.667"), ("", "26.67")]
)
def test_an_amount_has_the_digits_of_its_currency(currency, amount):
    assert Rate(Decimal(80), currency).amount(20 * MINUTE) == Decimal(amount)
    assert str(Rate(Decimal(80), currency).amount(20 * MINUTE)) == amount


def test_days_whose_sessions_are_gone_go_by_application_and_lose_nothing():
    there = ApplicationDay("2026-11-23", "Code", 60 * MINUTE)
    gone = ApplicationDay("2026-11-23", "Player", 7 * MINUTE)
    sessions = [work("09:00", "09:20", title="harbour")]
    sheet = build(MONDAY, sessions, [], CATEGORIES, archived=[there, gone])
    assert figures(sheet) == {
        ("23", "Work > Coding", True): (40, 0, 40),
        ("23", "Customers > Harbour", True): (20, 0, 20),
        ("23", "Leisure", False): (7, 0, 7),
    }


@given(timelines(), timelines(), entries(), st.randoms(), groups)
@settings(max_examples=40)
def test_entries_rules_and_what_has_none_add_up_to_each_day_to_the_millisecond(
    desk, laptop, found, chance, group
):
    with fresh_adapter() as adapter:
        writer = make_row_writer(adapter)
        writer.write([row(each, "desk", "desk") for each in desk])
        writer.write([row(each, "laptop", "laptop") for each in laptop])
        queries = Queries(adapter)
        active = {day.day: day.active_ms for day in queries.days(DAYS)}
        around = DayRange(DAYS.first - timedelta(days=2), DAYS.last + timedelta(days=2))
        sessions = queries.sessions(around)
    manual = manual_by_day(sessions, found)
    days = [(DAYS.first + timedelta(days=n)).isoformat() for n in range(DAYS.count)]

    sheet = build(DAYS, sessions, found, CATEGORIES)
    for day in days:
        parts = [part for part in sheet.parts if part.day == day]
        rest = sheet.uncategorised.get(day, 0)
        assert sum(part.tracked_ms for part in parts) + rest == active.get(day, 0)
        assert sum(part.manual_ms for part in parts) == manual[day]
    assert {part.day for part in sheet.parts} <= set(days)

    chance.shuffle(sessions)
    chance.shuffle(found)
    other = build(DAYS, sessions, found, CATEGORIES, group=group)
    assert other.total_ms == sheet.total_ms
    assert set(other.parts) == set(sheet.parts)
    assert build(DAYS, sessions, found, CATEGORIES) == sheet
    # A server gives them cut already.
    cut = list(without_overlaps(found))
    theirs = build(DAYS, sessions, cut, CATEGORIES)
    chance.shuffle(cut)
    assert build(DAYS, sessions, cut, CATEGORIES) == theirs
    assert (theirs.total_ms, len(theirs.parts)) == (sheet.total_ms, len(sheet.parts))


@given(timelines(), entries(), roundings, groups)
@settings(max_examples=60)
def test_rounding_loses_and_makes_less_than_its_step_for_each_unit(made, found, rounding, group):
    sheet = build(DAYS, map(stored, made), found, CATEGORIES, group=group, rounding=rounding)
    step = rounding.step_ms
    units = defaultdict(list)
    for row_number, each in enumerate(sheet.rows):
        for number, part in enumerate(each.parts):
            key = {
                "entry": (row_number, number),
                "day": part.day,
                "category": (row_number, part.path),
            }[rounding.per]
            units[key].append(part)
            assert part.rounded_ms % step == 0
            assert abs(part.rounded_ms - part.ms) < step
    for parts in units.values():
        exact = sum(part.ms for part in parts)
        whole = sum(part.rounded_ms for part in parts)
        assert whole == rounded(exact, step, up=rounding.up)
        assert 0 <= whole - exact < step if rounding.up else abs(whole - exact) * 2 <= step
    plain = build(DAYS, map(stored, made), found, CATEGORIES, group=group)
    assert [(r.tracked_ms, r.manual_ms, r.notes) for r in plain.rows] == [
        (r.tracked_ms, r.manual_ms, r.notes) for r in sheet.rows
    ]
    assert [r.rounded_ms for r in plain.rows] == [r.ms for r in plain.rows]


@given(st.lists(st.integers(0, 10_000), max_size=9), st.integers(1, 900), st.booleans())
def test_shares_are_steps_that_add_up(parts, step, up):
    total = rounded(sum(parts), step, up=up)
    shares = share(total, parts, step)
    assert sum(shares) == total
    assert all(abs(s - p) < step and s % step == 0 for s, p in zip(shares, parts, strict=True))


@given(timelines(), entries(), roundings, st.decimals(0, 999, places=2))
def test_the_amounts_of_the_rows_are_the_amount_of_the_sheet(made, found, rounding, price):
    sheet = build(
        DAYS, map(stored, made), found, CATEGORIES, rounding=rounding, rate=Rate(price, "EUR")
    )
    assert sheet.amount == sum(row.amount for row in sheet.rows)
    for each in sheet.rows:
        exact = price * each.rounded_ms / 3_600_000 if each.billable else 0
        assert abs(each.amount - exact) <= Decimal("0.005")
