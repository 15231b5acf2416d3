"""Both databases give the same answers, whatever was recorded and imported.

How it can fail: a bound that one of them rounds, a day that the view cuts elsewhere than the
rollup, an index condition on the server that leaves something out.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import (
    MINUTE_MS,
    Put,
    Rewind,
    StepBack,
)
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from tests.contract import days_of
from tests.unit import stored
from tests.unit.stored import FIRST_DAY, row, timelines

ELSEWHERE = derived_device_id("other")


def apart(timeline):
    """Leave out what lasted no time where another begins or ends: either's offset would do."""
    moments = Counter(moment for each in timeline for moment in {each.started_at, each.ended_at})
    return [
        each
        for each in timeline
        if each.started_at < each.ended_at or moments[each.started_at] == 1 or each is timeline[0]
    ]


def fill(adapter, timeline, imported, change):
    SessionWriter(adapter, "earlier").apply([Put(replace(timeline[0], open=False))])
    writer = SessionWriter(adapter, "desk")
    for each in timeline[1:]:
        writer.apply([Put(replace(each, open=True)), Put(each)])
    if change is not None:
        writer.apply([change])
    rows = [row(each, ELSEWHERE, "other") for each in imported]
    make_row_writer(adapter).write(rows)
    newer = [each | {"revision": 2, "application_name": "newer"} for each in rows[::2]]
    make_row_writer(adapter).write([*newer, *rows])


def asked(adapter, days, host, since, until):
    """Return every answer, without what each database names in its own way."""
    queries = Queries(adapter)
    with queries.snapshot():
        stream = [
            structs.replace(each, original_id=None, synced=False)
            for each in queries.stream(since, until, host)
        ]
        found = queries.sessions(days, host)
        return {
            "applications": queries.applications(days, host),
            "states": queries.states(days, host),
            "days": queries.days(days, host),
            "active": [
                queries.active_ms(days.first + timedelta(days=n), host) for n in range(days.count)
            ],
            "hosts": (queries.hosts(), queries.hosts(days)),
            "titles": queries.titles(days, host),
            "application_days": queries.application_days(days, host),
            "host_totals": queries.host_totals(days),
            "day_titles": queries.day_titles(days, host),
            "stretches": queries.stretches(days, host),
            "hours": queries.hours(days, host),
            "sessions": sorted((each.started_at, each.uid, each.ended_at) for each in found),
            "stream": sorted(stream, key=lambda each: (each.started_at, each.uid)),
            "order": [each.started_at for each in stream],
        }


def changes(end):
    return st.one_of(
        st.none(),
        st.integers(0, 3 * 86_400_000).map(lambda back: Rewind(end - back)),
        st.integers(MINUTE_MS, 86_400_000).map(lambda step: StepBack(step, end - step)),
    )


# Two databases make a slow search for the smallest example: it would outlast the test.
@settings(max_examples=50, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(timelines().map(apart), timelines(open_last=False).map(apart), st.data())
@pytest.mark.long
def test_both_databases_keep_the_same_days_and_give_the_same_answers(
    fresh_adapter, timeline, imported, data
):
    end = timeline[-1].ended_at
    change = data.draw(changes(end))
    first = FIRST_DAY + timedelta(days=data.draw(st.integers(-2, 20)))
    days = DayRange(first, first + timedelta(days=data.draw(st.integers(0, 20))))
    since = data.draw(st.one_of(st.none(), st.integers(timeline[0].started_at, end)))
    until = data.draw(st.one_of(st.none(), st.integers(timeline[0].started_at, end)))
    host = data.draw(st.sampled_from([None, "desk", "other", "earlier"]))
    with stored.fresh_adapter() as local, fresh_adapter() as server:
        server._device_id = local.device_id
        for adapter in (local, server):
            adapter.page = 3
            fill(adapter, timeline, imported, change)
        assert days_of(server) == days_of(local)
        expected = asked(local, days, host, since, until)
        assert asked(server, days, host, since, until) == expected
