"""A pause that the person set holds, whatever comes between.

How it can fail: it is set while the one before runs out, and ends with that; what was in front
is looked at before it and written after it; the file says something else than what holds.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.monitor import desktop_monitor
from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor, MonitorState
from reprospective_tray.monitor.observation import Observation, read_clocks
from reprospective_tray.monitor.probes.base import Lack, ProbeLostError, WindowProbe
from reprospective_tray.monitor.probes.null import NullProbe
from reprospective_tray.runtime.state import program_state
from reprospective_tray.runtime.state.pause import PauseMemory
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.system.paths import Paths
from tests.support import User, wait_until
from tests.unit.recording import Desk, rows_of

pytestmark = pytest.mark.trust

SECONDS = 10.0


class OneWindow(WindowProbe):
    """A window in front; `looking` is called while it is looked at."""

    name = "one window"

    def __init__(self, looking: Callable[[], None]) -> None:
        self._looking = looking
        self._woken = threading.Event()

    def current(self) -> Observation:
        self._looking()
        return Observation("app", "secret", 1, 1)

    def wait(self, timeout_s: float) -> int | None:
        woken = self._woken.wait(timeout_s)
        self._woken.clear()
        return 0 if woken else None

    def wake(self) -> None:
        self._woken.set()

    def idle_ms(self) -> int:
        return 0

    def close(self) -> None:
        pass


def in_another_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@contextmanager
def recording(
    path: Path,
    open_probe: Callable[[DesktopActivityMonitor], WindowProbe],
    handed_on: list[Observation] | None = None,
    **start: object,
) -> Iterator[DesktopActivityMonitor]:
    seen_by_privacy = [] if handed_on is None else handed_on

    def privacy(seen: Observation) -> Observation:
        seen_by_privacy.append(seen)
        return seen

    recorder = Recorder(lambda: SqliteAdapter(path), "host", lambda _damaged: None)
    monitor = DesktopActivityMonitor(
        recorder,
        Desk(heartbeat_ms=50).rules,
        privacy,
        lambda: open_probe(monitor),
        lambda _state: None,
    )
    monitor.start(**start)
    try:
        yield monitor
    finally:
        monitor.stop()


class SilentLater(OneWindow):
    """A display that answers no more from some moment on, until its connection is cut."""

    def __init__(self) -> None:
        super().__init__(self.answer)
        self.silent, self.asked, self.cut = (threading.Event() for _each in range(3))

    def answer(self) -> None:
        if self.silent.is_set():
            self.asked.set()
            assert self.cut.wait(SECONDS)
            raise ProbeLostError("cut")

    def abort(self) -> None:
        self.cut.set()


def test_a_display_that_answers_no_more_is_cut_off_and_the_open_session_is_ended(
    tmp_path: Path,
) -> None:
    path, probe = tmp_path / "x.db", SilentLater()
    with recording(path, lambda _monitor: probe) as monitor:
        assert monitor.recording.wait(SECONDS)
        wait_until(lambda: rows_of(path, "open"), SECONDS, "the open session")
        probe.silent.set()
        probe.wake()
        assert probe.asked.wait(SECONDS)
        monitor.stop(3.0)
        assert probe.cut.is_set()
        assert not monitor._thread.is_alive()
    assert rows_of(path, "application_name, open") == [("app", 0)]


def test_a_display_that_never_opens_is_not_waited_for(tmp_path: Path) -> None:
    opening, answer = threading.Event(), threading.Event()

    def open_probe(_monitor: DesktopActivityMonitor) -> WindowProbe:
        opening.set()
        assert answer.wait(10 * SECONDS)
        return NullProbe(Lack.DISPLAY, "none")

    with recording(tmp_path / "x.db", open_probe) as monitor:
        assert opening.wait(SECONDS)
        stopping = threading.Thread(target=monitor.stop)
        stopping.start()
        stopping.join(SECONDS)
        waits = stopping.is_alive()
        answer.set()
        stopping.join()
    assert not waits


@pytest.mark.parametrize("later_ms", [None, 3_600_000])
def test_a_pause_that_is_set_while_the_one_before_runs_out_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later_ms: int | None
) -> None:
    ends = read_clocks().wall + 200
    wanted = None if later_ms is None else ends + later_ms
    armed, monitors = threading.Event(), []

    def read_late() -> object:
        at = read_clocks()
        is_monitor = threading.current_thread().name == "monitor"
        if is_monitor and monitors and at.wall >= ends and not armed.is_set():
            armed.set()
            # Between the look at the clock and the end of the pause, another thread runs.
            in_another_thread(lambda: monitors[0].pause(wanted))
        return at

    monkeypatch.setattr(desktop_monitor, "read_clocks", read_late)

    def no_display(_monitor: DesktopActivityMonitor) -> WindowProbe:
        return NullProbe(Lack.DISPLAY, "none")

    with recording(tmp_path / "x.db", no_display, paused=True, paused_until=ends) as monitor:
        monitors.append(monitor)
        assert armed.wait(SECONDS)
        monitor.perform(lambda _adapter: None)  # its thread has gone on by now
        assert (monitor.state.paused, monitor.state.paused_until) == (True, wanted)


def test_what_is_looked_at_while_the_person_pauses_is_handed_on_to_nobody(tmp_path: Path) -> None:
    path, handed_on = tmp_path / "x.db", []

    def open_probe(monitor: DesktopActivityMonitor) -> WindowProbe:
        return OneWindow(lambda: in_another_thread(lambda: monitor.pause(None)))

    with recording(path, open_probe, handed_on) as monitor:
        wait_until(lambda: monitor.state.paused, SECONDS, "the pause")
        monitor.perform(lambda _adapter: None)
    assert (handed_on, rows_of(path)) == ([], [])


def test_a_display_that_opens_after_the_person_has_paused_is_not_looked_at(tmp_path: Path) -> None:
    path, looks = tmp_path / "x.db", []

    def open_probe(monitor: DesktopActivityMonitor) -> WindowProbe:
        in_another_thread(lambda: monitor.pause(None))
        return OneWindow(lambda: looks.append(1))

    with recording(path, open_probe) as monitor:
        wait_until(lambda: monitor.state.paused, SECONDS, "the pause")
        monitor.perform(lambda _adapter: None)
    assert (looks, rows_of(path)) == ([], [])


def test_the_file_says_what_holds_when_it_is_written_and_not_what_held_before(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = MonitorState(paused=True)
    looked_under_lock = []

    def look() -> MonitorState:
        looked_under_lock.append(memory._writing.locked())
        return now

    memory = PauseMemory(user.paths, look)
    memory.begin()
    update, later = program_state.update, threading.Thread(target=memory.write)

    def slow_update(paths: Paths, **changes: object) -> program_state.ProgramState:
        nonlocal now
        if now.paused:
            now = MonitorState()  # the person resumes while the disk is slow
            later.start()
        return update(paths, **changes)

    monkeypatch.setattr(program_state, "update", slow_update)
    memory.write()
    later.join()
    assert not program_state.load(user.paths).paused
    assert all(looked_under_lock)


def test_a_pause_that_could_not_be_written_is_written_as_soon_as_it_can(user: User) -> None:
    now = MonitorState()
    memory = PauseMemory(user.paths, lambda: now)
    memory.begin()
    user.paths.state_file.mkdir(parents=True)
    now = MonitorState(paused=True, paused_until=program_state.LAST_INSTANT)
    with pytest.raises(ReprospectiveError, match=r"state\.json"):
        memory.write()
    memory.look()
    user.paths.state_file.rmdir()
    memory.look()
    found = program_state.load(user.paths)
    assert (found.paused, found.paused_until) == (True, program_state.LAST_INSTANT)
    now = MonitorState()
    memory.look()
    assert not program_state.load(user.paths).paused


def test_why_it_is_paused_is_said_until_the_person_has_decided(user: User) -> None:
    user.paths.state.mkdir(parents=True)
    user.paths.state_file.write_bytes(b'{"paused": ')
    now = MonitorState(paused=True)
    for _start in range(2):
        memory = PauseMemory(user.paths, lambda: now)
        assert memory.begin().paused
        (aside,) = user.paths.state.glob("*unreadable*")
        assert str(aside) in memory.doubt
    now = MonitorState(paused=True, paused_until=program_state.LAST_INSTANT)
    memory.write()  # nothing that the person has decided
    assert program_state.load(user.paths).unread_pause == str(aside)
    memory.decided()
    now = MonitorState()
    memory.write()
    assert memory.doubt == ""
    again = PauseMemory(user.paths, lambda: now)
    assert not again.begin().paused
    assert again.doubt == ""
