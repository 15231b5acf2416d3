"""Ten years of forgetting cost what one order costs, and mean what each order meant.

How it can fail: an import walks through all orders with each row; hundreds of them are more than a
query can hold; joining them, or searching in them, takes or leaves a millisecond or a day too many.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.store.model.day_split import day_name, pieces
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS, DayRange
from reprospective_tray.store.model.sessions import DAY_MS
from reprospective_tray.store.query.server_filter import ServerFilter
from reprospective_tray.store.sqlite.rows.forgotten_ranges import ForgottenRange, ForgottenRanges
from tests.unit.stored import FIRST_DAY, fresh_adapter

pytestmark = pytest.mark.trust

START = (FIRST_DAY.toordinal() - date(1970, 1, 1).toordinal()) * DAY_MS
TEN_YEARS = 600
DEVICES = ("one", "two")
NAMES = ("a", "b")

orders = st.lists(
    st.builds(
        lambda device_ids, start, length, name: ForgottenRange(
            device_ids, START + start, START + start + length, name
        ),
        st.frozensets(st.sampled_from(DEVICES), min_size=1),
        st.integers(0, 40),
        st.integers(1, 8),
        st.sampled_from((None, *NAMES)),
    ),
    max_size=8,
)
rows = st.builds(
    lambda device_id, name, start, length: {
        "device_id": device_id,
        "application_name": name,
        "started_at": START + start,
        "ended_at": START + start + length,
        "utc_offset_minutes": 0,
    },
    st.sampled_from(DEVICES),
    st.sampled_from(NAMES),
    st.integers(-3, 45),
    st.integers(0, 9),
)
ROW = {
    "device_id": "one",
    "application_name": "a",
    "started_at": START,
    "ended_at": START + 1000,
    "utc_offset_minutes": 60,
}


def known(adapter, given_orders):
    """Return the orders as they are kept."""
    order = adapter.models.RangeOrder
    order.delete().execute()
    for number, each in enumerate(given_orders):
        devices = '["' + '","'.join(sorted(each.device_ids)) + '"]'
        times = {"started_at": each.started_at, "ended_at": each.ended_at, "ordered_at": 0}
        name = each.application_name
        order.insert(uid=f"{number}", device_ids=devices, application_name=name, **times).execute()
    return ForgottenRanges(adapter.models)


def lies_in(each, row):
    """Tell what one order meant, in the words of the contract: [started_at, ended_at)."""
    return (
        row["device_id"] in each.device_ids
        and each.application_name in {None, row["application_name"]}
        and row["started_at"] < each.ended_at
        and (row["ended_at"] > each.started_at or row["started_at"] >= each.started_at)
    )


@pytest.fixture(scope="module")
def adapter():
    with fresh_adapter() as made:
        yield made


@given(orders, rows)
def test_a_row_is_held_where_one_of_the_orders_holds_it(adapter, given_orders, row):
    expected = any(lies_in(each, row) for each in given_orders)
    assert known(adapter, given_orders).hold(row) == expected


@given(orders, rows, st.integers(0, 12), st.integers(1, 60 * 60))
def test_a_day_is_touched_where_one_of_the_orders_may_have_touched_it(
    adapter, given_orders, row, offset_hours, scale
):
    # Of a scale at which they reach over midnights.
    wide = [
        ForgottenRange(
            each.device_ids,
            START + (each.started_at - START) * scale * 1000,
            START + (each.ended_at - START) * scale * 1000,
            each.application_name,
        )
        for each in given_orders
    ]
    row = row | {
        "started_at": START + (row["started_at"] - START) * scale * 1000,
        "ended_at": START + (row["ended_at"] - START) * scale * 1000,
        "utc_offset_minutes": offset_hours * 60,
    }
    parts = list(pieces(row["started_at"], row["ended_at"], row["utc_offset_minutes"]))
    expected = any(
        row["device_id"] in each.device_ids
        and each.application_name in {None, row["application_name"]}
        and day_name(each.started_at - LARGEST_OFFSET_MS)
        <= part.day
        <= day_name(each.ended_at + LARGEST_OFFSET_MS)
        for each in wide
        for part in parts
    )
    assert known(adapter, wide).touch_day_of(row) == expected


@given(orders, rows)
def test_what_a_query_leaves_out_is_what_the_orders_hold(adapter, given_orders, row):
    session = adapter.models.Session
    session.delete().execute()
    texts = {"uid": "1", "source_host": "", "window_title": "", "state": "active"}
    session.insert(**row, **texts).execute()
    near = known(adapter, given_orders).near(DayRange(FIRST_DAY, FIRST_DAY))
    left = query(session, near)
    assert bool(left) != any(lies_in(each, row) for each in given_orders)


def query(session, ranges):
    """Return what is left of the sessions of both devices."""
    days = DayRange(FIRST_DAY, FIRST_DAY)
    restriction = ServerFilter(tuple((each, days) for each in DEVICES), frozenset(), ranges)
    condition = restriction.condition(session, lambda _days: session.deleted == 0)
    return list(session.select(session.uid).where(condition).tuples())


def ten_years():
    """Return an order every six days, none of which meets another."""
    return [
        ForgottenRange(
            frozenset({"one"}),
            START + number * 6 * DAY_MS,
            START + number * 6 * DAY_MS + 1000,
            None,
        )
        for number in range(TEN_YEARS)
    ]


def test_a_query_takes_ten_years_of_orders(adapter):
    adapter.models.Session.delete().execute()
    all_of_it = DayRange(FIRST_DAY, FIRST_DAY + timedelta(days=3650))
    near = known(adapter, ten_years()).near(all_of_it)
    assert len(near) == TEN_YEARS
    assert query(adapter.models.Session, near) == []


class Counted(int):
    """A moment that counts how often it is compared."""

    compared = 0

    def __eq__(self, other):
        """Count it: tuples ask this first."""
        type(self).compared += 1
        return int(self) == other

    __hash__ = int.__hash__


def test_a_row_is_looked_up_among_ten_years_of_orders_by_a_search(adapter):
    ranges = known(adapter, ten_years())
    assert ranges.hold(ROW)
    (spans,) = ranges._times.values()
    spans[:] = [(Counted(start), Counted(end)) for start, end in spans]
    Counted.compared = 0
    assert ranges.hold(ROW)
    assert 0 < Counted.compared <= 2 * TEN_YEARS.bit_length()
