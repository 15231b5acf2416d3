"""Details of what retention has taken come from the server as if it had never gone.

How it can fail: something is counted twice or not at all where the file holds a part of a day, a
stretch breaks where the server's part begins, another computer's sessions come along, what was
forgotten here shows up once more, the order of the sessions changes.
"""

import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.details import RemoteDetails
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from tests.server.central import central_on
from tests.server.contract import adapter_for
from tests.server.shipper import Shipper
from tests.unit.stored import FIRST_DAY, row, session, timelines, up_to
from tests.unit.test_archived_days import SENT, prune

ALL_DAYS = DayRange(FIRST_DAY - timedelta(days=2), FIRST_DAY + timedelta(days=30))
DAY = date(2026, 3, 30)
ONE_DAY = DayRange(DAY, DAY)


@pytest.fixture(scope="module")
def place(postgres):
    """A central database for all examples."""
    with central_on(postgres) as made:
        yield made


class Desk:
    """Computers of one person, and a server that is empty at first."""

    def __init__(self, central, folder: Path) -> None:
        central.database.rows(
            "TRUNCATE reprospective.desktop_activity_sessions, reprospective.devices"
        )
        self._folder, self._central = folder, central
        person = central.person
        self.server = adapter_for(
            central.database, folder, person.name, person.password, read_only=True
        )
        self.file = self.computer("desk")
        self.whole = self.file  # a copy of the file from which nothing was taken

    def computer(self, name: str) -> Shipper:
        return Shipper(self._folder / f"{name}.db", self._central.dsn(), host=name)

    def sync(self, shipper: Shipper | None = None) -> None:
        with ExitStack() as stack:
            shipper = shipper or self.file
            stack.callback(shipper.close)
            shipper.sync()

    def prune(self, before: int, sent=SENT[0]) -> None:
        copy = self._folder / "whole.db"
        with self.file.opened() as adapter:
            adapter.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.file.path, copy)
        self.whole = Shipper(copy, self._central.dsn())
        with self.file.opened() as adapter:
            prune(adapter, before, sent)

    def both(self, change) -> None:
        """Do the same to the file and to its whole copy."""
        for shipper in {self.file, self.whole}:
            with shipper.opened() as adapter:
                change(adapter)

    def horizon(self) -> int:
        with self.file.opened() as adapter:
            return FileMeta(adapter).get(MetaKey.RETENTION_HORIZON, 0)

    @contextmanager
    def details(self):
        with self.file.opened() as adapter, self.server.reading():
            yield RemoteDetails(Queries(adapter), Queries(self.server))


@pytest.fixture
def desk(place, tmp_path):
    return Desk(place, tmp_path)


def answers(asked, days, host=None):
    """Return every answer, without what tells where a session lies and what came of cutting it."""
    return {
        "titles": asked.titles(days, host),
        "day_titles": asked.day_titles(days, host),
        "hours": asked.hours(days, host),
        "stretches": asked.stretches(days, host),
        "sessions": [plain(each) for each in asked.sessions(days, host)],
        "newest": [plain(each) for each in asked.sessions(days, host, newest=3)],
    }


def plain(one):
    return structs.replace(one, uid="", synced=True, elsewhere=False)


def assert_as_if_nothing_was_taken(desk, ranges):
    asked = [(days, None) for days in ranges] + [(ALL_DAYS, host) for host in ("desk", "old pc")]
    with desk.whole.opened() as adapter:
        expected = [answers(Queries(adapter), *each) for each in asked]
    with desk.details() as details:
        for each, wanted in zip(asked, expected, strict=True):
            found = answers(details, *each)
            for question, answer in wanted.items():
                assert found[question] == answer, (question, each)
        here = {uid for (uid,) in desk.file.rows("uid")}
        for each in details.sessions(ALL_DAYS):
            assert each.elsewhere == (each.uid not in here)


def days_of(start, lengths):
    return [ALL_DAYS] + [
        DayRange(FIRST_DAY + timedelta(days=first), FIRST_DAY + timedelta(days=first + length))
        for first, length in zip(range(start, start + 12), lengths, strict=False)
    ]


@settings(max_examples=12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.data())
@pytest.mark.long
def test_details_are_the_same_before_and_after_retention(place, data):
    timeline, imported, elsewhere = (
        data.draw(timelines(open_last=True)),
        data.draw(timelines(open_last=False)),
        data.draw(timelines(open_last=False)),
    )
    lengths = data.draw(st.lists(st.integers(0, 4), min_size=2, max_size=2))
    ranges = days_of(data.draw(st.integers(-1, 6)), lengths)
    begin = timeline[0].started_at
    with TemporaryDirectory() as folder:
        desk = Desk(place, Path(folder))
        laptop = desk.computer("laptop")
        laptop.record(*elsewhere)
        desk.sync(laptop)
        desk.file.record(*timeline)
        old = [row(each, derived_device_id("old pc"), "old pc") for each in imported]
        desk.both(lambda adapter: make_row_writer(adapter).write(old))
        desk.sync()
        desk.prune(begin + data.draw(up_to(90)), data.draw(st.sampled_from(SENT)))
        assert_as_if_nothing_was_taken(desk, ranges)

        # What changes from here on waits for a while.
        since = max(desk.horizon() + 1, begin + data.draw(up_to(60)))
        until = since + 1 + data.draw(up_to(20))
        desk.both(lambda adapter: forget(adapter, TimeRange(since, until)))
        kept = {uid for (uid,) in desk.file.rows("uid", "deleted = 0")}
        newer = [
            each | {"revision": 2, "application_name": "newer"}
            for each in old
            if each["uid"] in kept
        ]
        desk.both(lambda adapter: make_row_writer(adapter).write(newer))
        later = replace(
            timeline[-1], uid=session("2026-04-30T09:00:00Z", "2026-04-30T10:00:00Z").uid
        )
        length = data.draw(up_to(20))
        later = replace(later, started_at=until, ended_at=until + length, open=False)
        desk.both(lambda adapter: SessionWriter(adapter, "desk").apply([Put(later)]))
        assert_as_if_nothing_was_taken(desk, ranges)
        desk.sync()
        assert_as_if_nothing_was_taken(desk, ranges)


def record_a_day(desk):
    """Record three sessions of a day, of which the first two are gone by now."""
    ones = [
        session(f"2026-03-30T09:{n}0:00Z", f"2026-03-30T09:{n + 1}0:00Z", title=f"{n}")
        for n in range(3)
    ]
    desk.file.record(*ones)
    desk.sync()
    desk.prune(ones[1].ended_at + 1)
    return ones


def test_a_stretch_goes_on_from_the_servers_part_into_the_files(desk):
    first, *_between, last = record_a_day(desk)
    with desk.details() as details:
        longest = details.stretches(ONE_DAY).longest
        assert (longest.started_at, longest.ended_at) == (first.started_at, last.ended_at)
        assert [one.elsewhere for one in details.sessions(ONE_DAY)] == [True, True, False]
        assert details.missing == ("2026-03-30",)


def test_of_some_that_began_in_one_moment_the_first_stays_the_first(desk):
    moment = "2026-03-30T09:00:00Z"
    flashes = [session(moment, moment, title=f"{n}") for n in range(3)]
    # Recorded against the order of their uids.
    flashes.sort(key=lambda one: one.uid, reverse=True)
    then = session(moment, "2026-03-30T10:00:00Z", title="then")
    desk.file.record(*flashes, then)
    desk.sync()
    desk.prune(then.ended_at)
    with desk.details() as details:
        found = [(one.window_title, one.elsewhere) for one in details.sessions(ONE_DAY)]
        expected = [(one.window_title, True) for one in flashes] + [("then", False)]
        assert found == expected
        newest = details.sessions(ONE_DAY, newest=2)
        assert [(one.window_title, one.elsewhere) for one in newest] == expected[2:]


def test_without_a_server_what_is_missing_is_absent_and_said(desk):
    *_taken, last = record_a_day(desk)
    with desk.file.opened() as adapter:
        details = RemoteDetails(Queries(adapter), None)
        assert details.missing == ()
        assert [one.uid for one in details.sessions(ONE_DAY)] == [last.uid]
        assert details.missing == ("2026-03-30",)


def test_what_is_forgotten_does_not_come_back_from_a_server_that_has_not_heard_of_it(desk):
    first, second, _last = record_a_day(desk)
    with desk.file.opened() as adapter:
        # Of a third application, so that the day is still one of which something is missing.
        mail = session("2026-03-30T08:00:00Z", "2026-03-30T08:30:00Z", "Mail")
        SessionWriter(adapter, "desk").apply([Put(mail)])
    desk.sync()
    with desk.file.opened() as adapter:
        prune(adapter, second.ended_at + 1)
        assert forget(adapter, TimeRange(first.started_at, second.started_at + 1, "Code")).ordered
    with desk.details() as details:
        found = {one.uid for one in details.sessions(ONE_DAY)}
        assert details.missing == ("2026-03-30",)
        assert mail.uid in found
        assert not found & {first.uid, second.uid}
        assert {title.window_title for title in details.titles(ONE_DAY)} == {"a.py", "2"}
    desk.sync()
    with desk.details() as details:
        found = details.sessions(ONE_DAY)
        assert not {one.uid for one in found} & {first.uid, second.uid}
        # The part of the second beyond the range is there again, as a session of its own.
        assert {one.window_title for one in found} == {"a.py", "1", "2"}


def test_a_clone_that_goes_on_as_the_former_device_is_another_computer(desk, tmp_path):
    record_a_day(desk)
    desk.file.record(session("2026-03-30T11:00:00Z", "2026-03-30T12:00:00Z", "open", open=True))
    desk.sync()
    shutil.copy(desk.file.path, tmp_path / "clone.db")
    desk.file.become_another_device()  # its open session, too: the clone goes on with the other
    desk.file.leave_open_session()
    clone = desk.computer("clone")
    other = session("2026-03-31T09:00:00Z", "2026-03-31T10:00:00Z", "of the clone")
    clone.execute("UPDATE desktop_activity_sessions SET open = 0, synced = 1")  # says nothing of it
    clone.record(other)
    desk.sync(clone)
    mine = session("2026-03-31T09:00:00Z", "2026-03-31T10:00:00Z", "mine")
    desk.file.record(mine)
    desk.sync()
    with desk.file.opened() as adapter:
        prune(adapter, mine.ended_at + 1)
    with desk.details() as details:
        days = DayRange(DAY, DAY + timedelta(days=1))
        found = [(one.application_name, one.elsewhere) for one in details.sessions(days)]
        assert details.missing == ("2026-03-30", "2026-03-31")
        assert found.count(("mine", True)) == found.count(("open", True)) == 1
        assert "of the clone" not in {name for name, _elsewhere in found}


def test_a_row_that_no_server_takes_is_in_the_way_of_nothing(desk):
    *_taken, last = record_a_day(desk)
    with desk.file.opened() as adapter:
        foreign = row(last, "no device", "desk") | {"uid": "no uid", "state": "idle"}
        make_row_writer(adapter).write([foreign])
    with desk.details() as details:
        assert len(details.sessions(ONE_DAY)) == 4


def test_where_nothing_is_missing_no_server_is_asked(desk):
    one = session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z")
    desk.file.record(one)
    with desk.file.opened() as adapter:
        # A question to this server would fail: nothing is connected.
        details = RemoteDetails(Queries(adapter), Queries(desk.server))
        assert [each.uid for each in details.sessions(ONE_DAY)] == [one.uid]
        assert details.titles(ONE_DAY)
        assert details.day_titles(ONE_DAY)
        assert details.hours(ONE_DAY)
        assert details.stretches(ONE_DAY).longest
        assert details.missing == ()
