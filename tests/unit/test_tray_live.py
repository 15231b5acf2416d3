"""The threads beside the icon end with it, with an icon that shows nothing."""

import threading
from collections.abc import Iterator

import pytest

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.tray import live_icon
from reprospective_tray.tray.icons.backend import Backend
from reprospective_tray.tray.live_icon import LiveIcon
from reprospective_tray.tray.state import Mode

SECONDS = 10.0
STATUS = {"mode": "recording"}


class FakeIcon:
    """Stands in for `TrayIcon`: runs until it is stopped."""

    shown = False

    def __init__(self, problem: str) -> None:
        self.backend = Backend("fake", problem=problem)
        self.updated = threading.Event()
        self._stopped = threading.Event()

    def run(self, on_ready) -> None:
        on_ready()
        assert self._stopped.wait(SECONDS)

    def opened_by(self, on_open):
        self.open = on_open
        return self

    def update(self, state) -> None:
        self.state = state
        self.updated.set()

    def stop(self) -> None:
        self._stopped.set()


@pytest.fixture(params=["", "No tray was found."], ids=["no problem", "a problem"])
def icon(request, monkeypatch) -> Iterator[FakeIcon]:
    fake = FakeIcon(request.param)
    monkeypatch.setattr(live_icon, "TrayIcon", lambda _on_action, on_open: fake.opened_by(on_open))
    before = set(threading.enumerate())
    yield fake
    assert set(threading.enumerate()) == before


def ignore(_action) -> None:
    """Nobody clicks here."""


def test_no_thread_is_left_when_run_returns(icon):
    shown = LiveIcon(ignore, lambda: 0, lambda _today: STATUS)

    def ready() -> None:
        assert icon.updated.wait(SECONDS)
        shown.stop()

    before = set(threading.enumerate())
    shown.run(ready)
    assert set(threading.enumerate()) == before


def test_no_thread_is_left_when_the_icon_fails(icon, monkeypatch):
    def fail(_on_ready) -> None:
        raise ReprospectiveError("no icon", "")

    monkeypatch.setattr(icon, "run", fail)
    shown = LiveIcon(ignore, lambda: 0, lambda _today: STATUS)
    before = set(threading.enumerate())
    with pytest.raises(ReprospectiveError):
        shown.run(lambda: None)
    assert set(threading.enumerate()) == before


def test_the_end_waits_for_a_read_of_the_database(icon):
    reading, may_go_on = threading.Event(), threading.Event()
    finished = []

    def today_ms() -> int:
        reading.set()
        assert may_go_on.wait(SECONDS)
        finished.append(True)
        return 0

    shown = LiveIcon(ignore, today_ms, lambda _today: STATUS)

    def ready() -> None:
        assert reading.wait(SECONDS)
        shown.stop()
        threading.Timer(0.2, may_go_on.set).start()

    shown.run(ready)
    assert finished
    assert icon.updated.is_set()


def test_a_read_that_never_ends_is_not_waited_for_forever(icon, monkeypatch):
    del icon
    monkeypatch.setattr(live_icon, "JOIN_S", 0.05)
    reading, may_go_on = threading.Event(), threading.Event()

    def today_ms() -> int:
        reading.set()
        assert may_go_on.wait(SECONDS)
        return 0

    shown = LiveIcon(ignore, today_ms, lambda _today: STATUS)

    def ready() -> None:
        assert reading.wait(SECONDS)
        shown.stop()

    shown.run(ready)
    (left,) = [thread for thread in threading.enumerate() if thread.name == "display"]
    may_go_on.set()
    left.join(SECONDS)


def test_the_end_is_not_missed_however_the_news_fall(icon):
    # The end comes between the thread's look at it and its wait for news.
    shown = LiveIcon(ignore, lambda: 0, lambda _today: STATUS)
    clear = shown._news.clear

    def end_then_clear() -> None:
        shown.stop()
        clear()

    shown._news.clear = end_then_clear
    shown.run(lambda: None)
    assert [thread for thread in threading.enumerate() if thread.name == "display"] == []
    assert not icon.updated.is_set()


def test_what_is_news_since_the_last_look_is_seen_when_the_menu_opens(icon):
    status = {**STATUS, "starts_at_login": False}
    shown = LiveIcon(ignore, lambda: 60_000, lambda _today: dict(status))
    seen = []

    def ready() -> None:
        assert icon.updated.wait(SECONDS)
        seen.append(icon.state)
        # By somebody else, and by the program within the moment that takes news together.
        status.update(starts_at_login=True, mode="paused")
        icon.open()
        seen.append(icon.state)
        shown.stop()

    shown.run(ready)
    assert [(state.starts_at_login, state.mode) for state in seen] == [
        (False, Mode.RECORDING),
        (True, Mode.PAUSED),
    ]


def test_the_menu_opens_with_what_it_had_where_the_status_fails(icon, caplog):
    fails = threading.Event()

    def status(_today: int) -> dict[str, object]:
        if fails.is_set():
            raise RuntimeError("no status")
        return STATUS

    shown = LiveIcon(ignore, lambda: 0, status)

    def ready() -> None:
        assert icon.updated.wait(SECONDS)
        before = icon.state
        fails.set()
        icon.open()
        assert icon.state is before
        shown.stop()

    shown.run(ready)
    assert "no status" in caplog.text
