"""Every answer of the queries, from the rollup and from raw rows."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put, Rewind, State
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.summary.figures import report
from tests.unit.stored import FIRST_DAY, at, row, session, timelines

DAY = date(2026, 3, 30)
ONE_DAY = DayRange(DAY, DAY)


def days_from(first: int, count: int) -> DayRange:
    day = FIRST_DAY + timedelta(days=first)
    return DayRange(day, day + timedelta(days=count))


@settings(max_examples=40)
@given(timelines(), timelines(open_last=False), st.integers(-2, 20), st.integers(0, 20))
def test_rollup_and_raw_rows_agree_to_the_millisecond(
    fresh_adapter, timeline, imported, first, count
):
    days = days_from(first, count)
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in timeline])
        elsewhere = derived_device_id("other")
        make_row_writer(adapter).write([row(each, elsewhere, "other") for each in imported])
        queries = Queries(adapter)
        for host in (None, "desk", "other"):
            applications = queries.applications(days, host)
            active = sum(total.ms for total in applications)
            by_title: dict[str, int] = {}
            for title in queries.titles(days, host):
                by_title[title.application_name] = (
                    by_title.get(title.application_name, 0) + title.ms
                )
            assert by_title == {total.application_name: total.ms for total in applications}
            by_day: dict[tuple[str, str], int] = {}
            for title in queries.day_titles(days, host):
                key = title.day, title.application_name
                by_day[key] = by_day.get(key, 0) + title.ms
            found = queries.application_days(days, host)
            assert by_day == {(each.day, each.application_name): each.ms for each in found}
            assert found == sorted(found, key=lambda it: (it.day, -it.ms, it.application_name))
            assert sum(hour.active_ms for hour in queries.hours(days, host)) == active
            assert sum(day.active_ms for day in queries.days(days, host)) == active
            assert queries.states(days, host).active_ms == active
        hosts = queries.host_totals(days)
        assert hosts == sorted(hosts, key=lambda it: (-it.active_ms, it.source_host))
        for each in hosts:
            assert queries.states(days, each.source_host).active_ms == each.active_ms
        assert sum(each.active_ms for each in hosts) == queries.states(days).active_ms


def test_imported_sessions_that_overlap_are_counted_alike_by_every_question(fresh_adapter):
    long = session("2026-03-29T19:00:00Z", "2026-03-30T09:00:00Z", title="long")
    short = session("2026-03-29T19:30:00Z", "2026-03-29T19:45:00Z", title="short")
    with fresh_adapter() as adapter:
        elsewhere = derived_device_id("other")
        # The range that indexes know begins 18 hours before the day: let it cut the long one.
        rows = [row(each, elsewhere, "other") for each in (long, short)]
        for one in rows:
            one |= {name: one[name] - 14 * 3_600_000 for name in ("started_at", "ended_at")}
            one["utc_offset_minutes"] = 14 * 60
        make_row_writer(adapter).write(rows)
        queries = Queries(adapter)
        (application,) = queries.applications(ONE_DAY)
        assert application.ms == 9 * 3_600_000
        assert sum(title.ms for title in queries.titles(ONE_DAY)) == application.ms
        assert sum(hour.active_ms for hour in queries.hours(ONE_DAY)) == application.ms
        since = at("2026-03-29T08:00:00Z")
        assert [each.window_title for each in queries.stream(since)] == ["long"]


@settings(max_examples=30)
@given(timelines(), st.integers(-1, 12), st.integers(0, 6))
def test_a_report_adds_up_and_its_range_is_the_sum_of_its_days(
    fresh_adapter, timeline, first, count
):
    days = days_from(first, count)
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in timeline])
        queries = Queries(adapter)
        whole = report.build(queries, days)
        single = [
            report.build(queries, DayRange(day, day))
            for day in (days.first + timedelta(days=n) for n in range(days.count))
        ]
        for state in ("active_ms", "idle_ms", "locked_ms"):
            parts = sum(getattr(part.states, state) for part in single)
            assert getattr(whole.states, state) == parts
        assert whole.days == tuple(day for part in single for day in part.days)
        assert whole.hours == tuple(hour for part in single for hour in part.hours or ())
        assert sum(each.ms for each in whole.applications) == whole.states.active_ms
        each_day = [DayRange(part.range.first, part.range.last) for part in single]
        for question in (queries.application_days, queries.day_titles):
            assert question(days) == [one for day in each_day for one in question(day)]
        assert queries.stretches(days).switches == sum(
            queries.stretches(day).switches for day in each_day
        )
        for each in whole.applications:
            assert sum(title.ms for title in each.titles or ()) == each.ms
        for day in whole.days:
            hours = [hour for hour in whole.hours or () if hour.start.date().isoformat() == day.day]
            assert sum(hour.active_ms for hour in hours) == day.active_ms
            assert queries.active_ms(date.fromisoformat(day.day)) == day.active_ms


def test_a_day_is_the_day_as_lived_wherever_it_is_read(fresh_adapter):
    with fresh_adapter() as adapter:
        tokyo = session("2026-03-30T23:30:00+09:00", "2026-03-30T23:50:00+09:00", "端末")
        SessionWriter(adapter, "desk").apply([Put(tokyo)])
        (day,) = Queries(adapter).days(days_from(0, 10))
        assert (day.day, day.active_ms, day.first_offset_minutes) == ("2026-03-30", 1_200_000, 540)
        (hour,) = Queries(adapter).hours(ONE_DAY)
        assert hour.start.isoformat() == "2026-03-30T23:00:00"


@settings(max_examples=40)
@given(timelines(), timelines(open_last=False), st.integers(-2, 20), st.integers(0, 20))
def test_the_last_day_is_that_of_the_totals(fresh_adapter, timeline, imported, first, count):
    days = days_from(first, count)
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in timeline])
        elsewhere = derived_device_id("other")
        make_row_writer(adapter).write([row(each, elsewhere, "other") for each in imported])
        queries = Queries(adapter)
        for host in (None, "desk", "other"):
            of_any_state = {part[0] for part in queries.totals(days, host)._by_day}
            last = queries.last_day(days, host)
            assert (last and last.isoformat()) == max(of_any_state, default=None)


def test_a_session_over_midnight_is_split_and_counts_on_both_days(fresh_adapter):
    with fresh_adapter() as adapter:
        night = session("2026-03-29T23:00:00Z", "2026-03-30T02:00:00Z")
        SessionWriter(adapter, "desk").apply([Put(night)])
        queries = Queries(adapter)
        assert [day.active_ms for day in queries.days(days_from(0, 5))] == [3_600_000, 7_200_000]
        (total,) = queries.applications(ONE_DAY)
        assert (total.ms, total.sessions) == (7_200_000, 1)
        assert queries.applications(days_from(0, 5))[0].sessions == 2


def test_the_doubled_hour_of_a_day_of_25_hours_is_counted_twice(fresh_adapter):
    with fresh_adapter() as adapter:
        summer = session("2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+02:00")
        winter = session("2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00")
        SessionWriter(adapter, "desk").apply([Put(summer), Put(winter)])
        (hour,) = Queries(adapter).hours(DayRange(date(2026, 10, 25), date(2026, 10, 25)))
        assert (hour.start.hour, hour.active_ms) == (2, 7_200_000)


def test_the_open_session_counts_to_its_last_heartbeat(fresh_adapter):
    with fresh_adapter() as adapter:
        writer = SessionWriter(adapter, "desk")
        begun = session("2026-03-30T09:00:00Z", "2026-03-30T09:00:00Z", open=True)
        writer.apply([Put(begun)])
        assert Queries(adapter).active_ms(DAY) == 0
        later = session("2026-03-30T09:00:00Z", "2026-03-30T09:10:00Z", open=True, uid=begun.uid)
        writer.apply([Put(later)])
        assert Queries(adapter).active_ms(DAY) == 600_000
        assert Queries(adapter).hosts() == ["desk"]


def test_a_rewound_session_appears_in_no_answer(fresh_adapter):
    with fresh_adapter() as adapter:
        writer = SessionWriter(adapter, "desk")
        one = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z")
        writer.apply([Put(one), Rewind(one.started_at)])
        queries = Queries(adapter)
        assert queries.applications(ONE_DAY) == []
        assert queries.titles(ONE_DAY) == queries.hours(ONE_DAY) == []
        assert queries.sessions(ONE_DAY) == list(queries.stream()) == []
        assert queries.active_ms(DAY) == 0


def test_a_session_of_many_weeks_is_found_although_it_began_long_before_the_range(fresh_adapter):
    with fresh_adapter() as adapter:
        locked = session("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", state=State.LOCKED)
        SessionWriter(adapter, "desk").apply([Put(locked)])
        queries = Queries(adapter)
        assert [each.uid for each in queries.sessions(ONE_DAY)] == [locked.uid]
        since = at("2026-03-30T00:00:00Z")
        assert [each.uid for each in queries.stream(since, since + 1)] == [locked.uid]
        assert queries.states(ONE_DAY).locked_ms == 86_400_000


def test_sessions_of_one_moment_at_the_borders_of_a_day_are_listed_once(fresh_adapter):
    with fresh_adapter() as adapter:
        flash = session("2026-03-30T00:00:00Z", "2026-03-30T00:00:00Z")
        SessionWriter(adapter, "desk").apply([Put(flash)])
        queries = Queries(adapter)
        before = DayRange(DAY - timedelta(days=1), DAY - timedelta(days=1))
        assert [each.uid for each in queries.sessions(ONE_DAY)] == [flash.uid]
        assert queries.sessions(before) == []
        assert queries.applications(ONE_DAY)[0].sessions == 1


@settings(deadline=None, max_examples=40)
@given(timelines(), timelines(open_last=False), st.integers(0, 300), st.integers(1, 200))
def test_a_stream_holds_what_lies_in_the_half_open_range_in_order(
    fresh_adapter, timeline, other, hours, length
):
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in timeline])
        elsewhere = derived_device_id("other")
        make_row_writer(adapter).write([row(each, elsewhere, "other") for each in other])
        since = at("2026-03-28T00:00:00Z") + hours * 3_600_000
        until = since + length * 3_600_000
        found = list(Queries(adapter).stream(since, until))
        expected = {
            each.uid
            for each in (*timeline, *other)
            if each.started_at < until and (each.ended_at > since or each.started_at >= since)
        }
        assert {each.uid for each in found} == expected
        assert len(found) == len(expected)
        assert [each.started_at for each in found] == sorted(each.started_at for each in found)


def test_a_stream_goes_on_over_its_pages_without_losing_or_doubling(fresh_adapter):
    with fresh_adapter() as adapter:
        adapter.page = 3
        rows = [
            # Four begin at one moment: a page ends among them.
            row(
                session("2026-03-30T09:00:00Z", f"2026-03-30T09:0{n}:00Z"),
                derived_device_id(str(n)),
            )
            for n in range(4)
        ]
        late = session("2026-03-30T10:00:00Z", "2026-03-30T11:00:00Z")
        rows += [row(late, adapter.device_id)]
        make_row_writer(adapter).write(rows)
        found = [each.uid for each in Queries(adapter).stream()]
        assert sorted(found) == sorted(each["uid"] for each in rows)
        assert found[-1] == late.uid


def test_the_newest_sessions_of_a_day_come_in_order(fresh_adapter):
    with fresh_adapter() as adapter:
        many = [session(f"2026-03-30T0{n}:00:00Z", f"2026-03-30T0{n}:30:00Z") for n in range(5)]
        SessionWriter(adapter, "desk").apply([Put(each) for each in many])
        found = Queries(adapter).sessions(ONE_DAY, newest=2)
        assert [each.uid for each in found] == [many[3].uid, many[4].uid]
