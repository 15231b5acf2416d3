"""What the window is given: the loader on real databases, in its own thread and without it."""

import threading
from datetime import date, timedelta

import pytest

from reprospective_tray.config.keys import CategoryRule, CategorySettings
from reprospective_tray.errors import StoreError
from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.sessions import Put, State
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.sources import (
    LOCAL,
    SERVER,
    Scope,
    Sources,
    ask,
)
from reprospective_tray.summary.view_model import View
from reprospective_tray.summary.window.loading import loader
from reprospective_tray.summary.window.loading.loader import Loader, LoadRequest
from reprospective_tray.summary.window.loading.running_messages import NOT_KNOWN
from tests.support import wait_until
from tests.unit.stored import row, session

DAY = date(2026, 3, 30)
RECORDING = {"running": True, "paused": False}
SECONDS = 10.0


class Place:
    """A file, and a loader that reads it."""

    def __init__(self, path):
        self.path = path
        self.made = 0
        self.asked = 0
        self.loader = Loader(Sources(self.adapter), Categories(CategorySettings()), self.status)

    def status(self):
        self.asked += 1
        return RECORDING

    def adapter(self):
        self.made += 1
        return SqliteAdapter(self.path, read_only=True)

    def record(self, *sessions, others=()):
        adapter = SqliteAdapter(self.path)
        adapter.open()
        with adapter.connection():
            SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
            device = derived_device_id("laptop")
            make_row_writer(adapter).write([row(each, device, "laptop") for each in others])
        adapter.close()

    def load(self, *wish, **more):
        return list(self.loader.load(LoadRequest(*wish, **more)))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "data" / "local.db")


def test_figures_come_first_and_the_status_of_another_process_after_them(place):
    place.record(session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"))
    first, last = place.load(View.DAY, DAY)
    assert first.view == last.view
    assert first.view.cards[0].figure == "1 h 00 m"
    assert (first.status, first.goes_on) == (NOT_KNOWN, True)
    assert (last.status, last.goes_on) == (RECORDING, False)


def test_where_nothing_was_recorded_yet_it_is_said_what_to_do(place):
    *_first, last = place.load(View.DAY, DAY)
    assert last.view is None
    assert last.problem.splitlines()[0].startswith("Nothing has been recorded yet")
    assert last.problem.splitlines()[1] == "Start recording with: reprospective-tray run"


def test_an_empty_day_knows_the_last_one_before_it_or_else_the_last_one_after_it(place):
    place.record(
        session("2019-01-10T09:00:00Z", "2019-01-10T10:00:00Z"),
        session("2026-03-20T09:00:00Z", "2026-03-20T10:00:00Z"),
        session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z", state=State.IDLE),
    )
    for day, last in (
        (date(2026, 4, 2), date(2026, 3, 30)),
        (date(2026, 3, 29), date(2026, 3, 20)),
        (date(2026, 3, 19), date(2019, 1, 10)),
        (date(2019, 1, 9), date(2026, 3, 30)),
        (date.min, None),
        (DAY, None),  # it has something
    ):
        assert place.load(View.DAY, day)[-1].last_day == last
    assert place.load(View.WEEK, date(2026, 4, 8))[-1].last_day is None
    assert place.load(View.DAY, DAY, scope=Scope(LOCAL, "desk"))[-1].last_day is None


def test_other_category_rules_hold_for_what_is_read_next_and_for_what_was_read_ahead(place):
    place.record(
        session("2026-03-29T09:00:00Z", "2026-03-29T10:00:00Z", "Qzx"),
        session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z", "Qzx"),
    )
    place.loader.start()

    def shown(day):
        place.loader.ask(LoadRequest(View.DAY, day))
        found = []
        wait_until(lambda: found.append(place.loader.answer()) or found[-1], SECONDS, "the day")
        place.loader.shown()
        wait_until(lambda: (each := place.loader.answer()) and not each.goes_on, SECONDS, "it all")
        place.loader.shown()
        return found[-1].view.legend[0].label

    assert shown(DAY) == "Other"
    wait_until(lambda: len(place.loader._ahead) == 2, SECONDS, "what is read ahead")
    rule = CategoryRule(category="Harbour", application="qzx")
    place.loader.use(Categories(CategorySettings(rules=(rule,))))
    assert shown(DAY - timedelta(days=1)) == "Harbour"
    assert shown(DAY) == "Harbour"
    place.loader.stop()


def test_the_database_is_opened_once_and_again_where_another_file_took_its_place(place):
    place.record(session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"))
    for _again in range(3):
        place.load(View.DAY, DAY)
    assert place.made == 1
    place.path.rename(place.path.with_suffix(".aside"))
    place.record(session("2026-03-30T09:00:00Z", "2026-03-30T09:30:00Z"))
    assert place.load(View.DAY, DAY)[-1].view.cards[0].figure == "30 m"
    assert place.made == 2


def test_several_computers_of_one_file_can_be_chosen(place):
    there = session("2026-03-30T09:00:00Z", "2026-03-30T09:30:00Z", "Slack", "there")
    place.record(
        session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z", "Code", "here"), others=[there]
    )
    both = place.load(View.DAY, DAY)[-1]
    assert both.scopes == (Scope(), Scope(LOCAL, "desk"), Scope(LOCAL, "laptop"))
    assert [bar.name for bar in both.view.bars] == ["Code", "Slack"]
    laptop = place.load(View.DAY, DAY, scope=Scope(LOCAL, "laptop"))[-1]
    assert [line.title for line in laptop.view.sessions] == ["there"]


def test_a_search_looks_at_every_session_of_a_month(place):
    begin = date(2026, 3, 1)
    place.record(
        *(
            session(
                f"{begin + timedelta(days=day)}T09:00:00Z",
                f"{begin + timedelta(days=day)}T09:10:00Z",
                title="needle" if day % 10 == 3 else "hay",
            )
            for day in range(31)
        )
    )
    found = place.load(View.MONTH, DAY, search="NEEDLE")[-1]
    assert len(found.view.sessions) == 3
    assert found.view.matching == "30 m found"


def test_without_a_server_nothing_but_the_file_can_be_asked(place):
    place.record(session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"))
    *_first, last = place.load(View.DAY, DAY, scope=Scope(SERVER))
    assert "No server to read from is set" in last.problem
    assert last.scopes == (Scope(),)


def test_a_question_that_fails_is_not_asked_twice(place):
    place.record(session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"))
    asked = []

    def question(look):
        asked.append(look)
        raise StoreError("of its own")

    with pytest.raises(StoreError, match="of its own"):
        ask(Sources(place.adapter), Scope(), None, question)
    assert len(asked) == 1


@pytest.fixture
def running(place):
    place.record(
        *(
            session(f"{day}T09:00:00Z", f"{day}T10:00:00Z", title=f"title of {day}")
            for day in (DAY - timedelta(days=back) for back in range(4, -1, -1))
        )
    )
    place.loader.start()
    yield place
    place.loader.stop()


def answer(loader, accept=lambda loaded: not loaded.goes_on):
    seen = []

    def came():
        loaded = loader.answer()
        if loaded is not None:
            seen.append(loaded)
            loader.shown()
        return any(accept(each) for each in seen)

    wait_until(came, SECONDS, "an answer")
    return seen[-1]


def test_of_several_wishes_the_newest_is_answered(running):
    for back in range(4):
        running.loader.ask(LoadRequest(View.DAY, DAY - timedelta(days=back)))
    last = answer(
        running.loader,
        lambda each: each.wish.day == DAY - timedelta(days=3) and not each.goes_on,
    )
    assert last.view.sessions[0].title == "title of 2026-03-27"


def test_the_days_around_are_read_ahead_and_shown_as_they_are_by_then(running):
    running.loader.ask(LoadRequest(View.DAY, DAY))
    answer(running.loader)
    before = LoadRequest(View.DAY, DAY - timedelta(days=1))
    wait_until(lambda: before in running.loader._ahead, SECONDS, "the day before to be read")
    running.record(session("2026-03-29T12:00:00Z", "2026-03-29T12:30:00Z", title="since then"))
    running.loader.ask(before)
    last = answer(running.loader)
    assert [line.title for line in last.view.sessions] == ["since then", "title of 2026-03-29"]


def test_nothing_more_is_read_while_an_answer_is_being_drawn(running, monkeypatch):
    monkeypatch.setattr(loader, "_SHOWN_SECONDS", 60.0)
    running.loader.ask(LoadRequest(View.DAY, DAY))
    wait_until(lambda: running.loader.answer() is not None, SECONDS, "the figures")
    assert (running.asked, running.loader._ahead) == (0, {})
    running.loader.shown()
    wait_until(lambda: running.asked == 1, SECONDS, "the status")
    # Something else that is wished for waits for no drawing.
    running.loader.ask(LoadRequest(View.DAY, DAY - timedelta(days=2)))
    wait_until(
        lambda: (found := running.loader.answer()) and found.wish.day < DAY, SECONDS, "the other"
    )


def test_what_goes_wrong_is_an_answer_and_the_thread_lives_on(running):
    sources = running.loader._sources
    running.loader._sources = None
    running.loader.ask(LoadRequest(View.DAY, DAY))
    assert answer(running.loader, lambda each: bool(each.problem)).view is None
    running.loader._sources = sources
    running.loader.ask(LoadRequest(View.DAY, DAY))
    assert answer(running.loader).view is not None


class SilentServer(SqliteAdapter):
    """A server that answers nobody until the connection is cut."""

    def __init__(self, path):
        super().__init__(path, read_only=True)
        self.asked, self.cut = threading.Event(), threading.Event()

    def open(self):
        self.asked.set()
        assert self.cut.wait(SECONDS)
        raise StoreError("It was cut.")

    def abort(self):
        self.cut.set()


def test_the_end_waits_for_no_silent_server_and_leaves_no_thread_that_reads(place):
    """Such a thread would hold a connection to the local file when Python ends."""
    place.record(session("2026-03-30T09:00:00Z", "2026-03-30T10:00:00Z"))
    server = SilentServer(place.path)
    made = Loader(
        Sources(place.adapter, lambda: server), Categories(CategorySettings()), place.status
    )
    made.start()
    made.ask(LoadRequest(View.DAY, DAY, scope=Scope(SERVER)))
    assert server.asked.wait(SECONDS)
    made.stop()
    assert not made._thread_there.is_alive()
