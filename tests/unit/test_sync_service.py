"""What the running program offers of sending, with a manager that sends nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from reprospective_tray.errors import (
    ReprospectiveError,
    ServerRefusedError,
    ServerUnreachableError,
    StoreError,
    SyncBusyError,
)
from reprospective_tray.store.outbox.sync_state import SyncState
from reprospective_tray.sync import health
from reprospective_tray.sync import service as module
from reprospective_tray.sync.manager import DatabaseSyncManager, Verified
from reprospective_tray.sync.pass_result import Passed
from reprospective_tray.sync.service import SyncDependencies, SyncService
from reprospective_tray.sync.sync_request import SyncRequest
from tests.support import wait_until

SECONDS = 10.0
HOUR_S = 3600.0


class Manager:
    """Stands for DatabaseSyncManager: answers as the test says."""

    carry_out = DatabaseSyncManager.carry_out

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.errors: list[Exception] = []
        self.waits = False
        self.go_on = threading.Event()
        self.aborted = threading.Event()
        self.closed = threading.Event()
        self.total = 10

    def run(self, stop: threading.Event, progress: Callable[[object], None]) -> object:
        self.calls.append("run")
        progress(SimpleNamespace(done=4, total=self.total))
        while self.waits and not (self.go_on.is_set() or self.aborted.is_set() or stop.is_set()):
            self.go_on.wait(0.01)
        if self.errors:
            raise self.errors.pop(0)
        return Passed(10, refused=1, superseded=2, deleted=3, is_whole=not stop.is_set())

    def verify(self, _stop: threading.Event, progress: Callable[[object], None]) -> object:
        self.calls.append("verify")
        progress(SimpleNamespace(done=1, total=2))
        return Verified(compared=7, offered_again=2)

    def retry_refused(self) -> int:
        self.calls.append("retry")
        return 5

    def abort(self) -> None:
        self.aborted.set()

    def close(self) -> None:
        self.closed.set()


class Desk:
    """The service and all that it is given."""

    def __init__(self) -> None:
        self.manager = Manager()
        self.standing: SyncState | StoreError = SyncState(waiting=4)
        self.troubles: list[str] = []
        self.changes = 0
        means = SyncDependencies(self.make_manager, lambda: True, self.read, lambda: None)
        self.service = SyncService(means, HOUR_S, self.changed, self.troubles.append)

    def make_manager(self) -> Manager:
        return self.manager

    def read(self) -> SyncState:
        if isinstance(self.standing, StoreError):
            raise self.standing
        return self.standing

    def changed(self) -> None:
        self.changes += 1

    def start(self) -> None:
        """Start, and wait for the pass that this begins with."""
        self.service.start()
        self.await_pass(1)

    def await_pass(self, number: int) -> dict[str, object]:
        wait_until(lambda: not self.service.progress(number)["running"], SECONDS, f"pass {number}")
        result = self.service.progress(number)["result"]
        assert isinstance(result, dict)
        return result

    def ask(self, wish: SyncRequest | None = None) -> dict[str, object]:
        return self.await_pass(self.service.request(wish or SyncRequest()))


@pytest.fixture
def desk() -> Iterator[Desk]:
    before = set(threading.enumerate())
    made = Desk()
    yield made
    made.manager.go_on.set()
    made.service.halt()
    wait_until(lambda: set(threading.enumerate()) <= before, SECONDS, "the end of all threads")


def refused() -> ServerRefusedError:
    return ServerRefusedError("no such role", "Make it.")


def test_a_pass_that_is_asked_for_answers_with_what_it_did(desk: Desk) -> None:
    desk.start()
    result = desk.ask()
    assert result == {
        "sent": 10,
        "refused": 1,
        "superseded": 2,
        "entries": 0,
        "waiting_entries": 0,
        "deleted": 3,
        "compared": None,
        "offered_again": None,
        "retried": None,
        "error": "",
        "remedy": "",
    }


def test_what_is_wished_for_is_done_first_and_once(desk: Desk) -> None:
    desk.start()
    desk.manager.calls.clear()
    result = desk.ask(SyncRequest(verify=True, retry_refused=True))
    assert desk.manager.calls == ["retry", "verify", "run"]
    assert (result["compared"], result["offered_again"], result["retried"]) == (7, 2, 5)
    desk.ask()
    assert desk.manager.calls == ["retry", "verify", "run", "run"]


def test_wishes_during_a_pass_are_done_by_the_next_one_together(desk: Desk) -> None:
    desk.manager.waits = True
    desk.service.start()
    wait_until(lambda: desk.manager.calls, SECONDS, "the first pass")
    numbers = {
        desk.service.request(SyncRequest(verify=True)),
        desk.service.request(SyncRequest(retry_refused=True)),
        desk.service.request(SyncRequest()),
    }
    assert numbers == {2}
    assert desk.service.progress(2)["running"]
    desk.manager.go_on.set()
    desk.await_pass(2)
    assert desk.manager.calls == ["run", "retry", "verify", "run"]


def test_progress_is_that_of_the_pass_that_runs(desk: Desk) -> None:
    desk.manager.waits = True
    desk.service.start()
    wait_until(lambda: desk.service.progress(1)["done"], SECONDS, "progress")
    found = desk.service.progress(1)
    assert (found["step"], found["done"], found["total"]) == ("send", 4, 10)
    assert (found["running"], found["waiting"]) == (True, 0)


def test_an_error_is_the_answer_and_is_gone_with_the_next_success(desk: Desk) -> None:
    desk.manager.errors = [ServerUnreachableError("nobody at home", "Start it.")]
    desk.start()
    standing, next_run_at = desk.service.standing()
    assert (standing.last_error, standing.last_success_at) == ("nobody at home", None)
    assert next_run_at is not None
    result = desk.service.progress(1)["result"]
    assert isinstance(result, dict)
    assert (result["error"], result["remedy"]) == ("nobody at home", "Start it.")
    desk.ask()
    standing, _next = desk.service.standing()
    assert standing.last_error == ""
    assert standing.last_success_at is not None
    assert abs(standing.last_success_at / 1000 - time.time()) < SECONDS


def test_before_the_first_result_the_file_says_how_things_stand(desk: Desk) -> None:
    desk.standing = SyncState(4, 2, 1234, "an old error")
    desk.service.refresh()
    assert desk.service.standing() == (SyncState(4, 2, 1234, "an old error"), None)
    desk.manager.errors = [SyncBusyError("another process", "")]
    desk.start()
    # Where another process sends, this one knows no better.
    assert desk.service.standing()[0].last_error == "an old error"
    desk.ask()
    assert desk.service.standing()[0].last_error == ""


def test_each_outage_that_a_person_has_to_mend_is_told_once(desk: Desk) -> None:
    desk.manager.errors = [refused() for _number in range(5)]
    desk.start()
    desk.ask()
    assert (desk.troubles, desk.service.problem()) == ([], "")
    desk.ask()
    (told,) = desk.troubles
    assert desk.service.problem().startswith("no such role. Make it. 4 sessions are waiting since ")
    assert told.startswith("4 sessions have been waiting for the server since ")
    assert told.endswith(" no such role. Make it.")
    for _number in range(2):
        desk.ask()
    desk.service.refresh()
    assert len(desk.troubles) == 1
    desk.ask()  # it is mended
    assert desk.service.problem() == ""
    desk.manager.errors = [refused() for _number in range(3)]
    for _number in range(3):
        desk.ask()
    assert len(desk.troubles) == 2


def test_an_outage_is_told_when_it_has_lasted_also_between_two_passes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.manager.errors = [ServerUnreachableError("nobody at home", "")]
    desk.start()
    desk.service.refresh()
    assert desk.troubles == []
    monkeypatch.setattr(health, "FOR_LONG_S", 0.0)
    desk.service.refresh()
    desk.service.refresh()
    assert len(desk.troubles) == 1


def test_a_click_that_fails_is_answered_and_a_command_answers_itself(desk: Desk) -> None:
    desk.start()
    desk.manager.errors = [ServerUnreachableError("nobody at home", "Start it.")] * 2
    desk.ask(SyncRequest())
    assert desk.troubles == []
    desk.ask(SyncRequest(speak_up=True))
    wait_until(lambda: desk.troubles, SECONDS, "the answer")
    assert desk.troubles == ["nobody at home. Start it."]
    desk.ask(SyncRequest(speak_up=True))
    assert len(desk.troubles) == 1


def test_a_mistake_of_the_program_is_an_error_like_others(desk: Desk) -> None:
    desk.manager.errors = [ZeroDivisionError("secret figures")]
    desk.start()
    result = desk.service.progress(1)["result"]
    assert isinstance(result, dict)
    assert result["error"] == "Sending failed with an internal error: ZeroDivisionError."
    assert desk.ask()["error"] == ""


def test_small_passes_are_nobodys_news(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.manager.waits = True
    desk.service.start()
    wait_until(lambda: desk.service.shown()["sent"] == 4, SECONDS, "progress")
    assert desk.service.shown() == {"is_shown": False, "sent": 4, "total": 10}
    monkeypatch.setattr(module, "SHOWN_AFTER_S", 0.0)
    assert desk.service.shown()["is_shown"]
    desk.manager.go_on.set()
    desk.await_pass(1)
    assert not desk.service.shown()["is_shown"]


def test_a_big_pass_and_one_that_was_asked_for_are_shown(desk: Desk) -> None:
    desk.manager.waits = True
    desk.manager.total = module.SHOWN_FROM_ROWS
    desk.service.start()
    wait_until(lambda: desk.service.shown()["sent"] == 4, SECONDS, "progress")
    assert desk.service.shown()["is_shown"]
    desk.manager.total = 10
    desk.service.request(SyncRequest())
    desk.manager.go_on.set()
    desk.await_pass(2)
    desk.manager.go_on.clear()
    number = desk.service.request(SyncRequest())
    assert desk.service.shown()["is_shown"]
    desk.manager.go_on.set()
    desk.await_pass(number)
    assert not desk.service.shown()["is_shown"]


def test_a_file_that_cannot_be_read_changes_nothing(desk: Desk) -> None:
    desk.start()
    desk.standing = StoreError("locked", "")
    desk.service.refresh()
    assert desk.service.standing()[0].waiting == 4


def test_what_cannot_be_started_says_so_to_who_asks(desk: Desk) -> None:
    def fail() -> Manager:
        raise ImportError("no libpq")

    means = SyncDependencies(fail, lambda: True, desk.read, lambda: None)
    broken = SyncService(means, HOUR_S, desk.changed, desk.troubles.append)
    broken.start()

    def is_refused() -> bool:
        try:
            broken.request(SyncRequest())
        except ReprospectiveError:
            return True
        return False

    wait_until(is_refused, SECONDS, "the refusal")
    # Who had asked before is answered, and the person sees it, without any further pass.
    found = broken.progress(1)
    assert not found["running"]
    assert found["result"]["error"] == "Sending could not be started because of an internal error."
    wait_until(lambda: desk.troubles, SECONDS, "the word to the person")
    assert len(desk.troubles) == 1
    assert "could not be started" in desk.troubles[0]
    assert broken.problem().startswith("Sending could not be started")
    assert "could not be started" in broken.standing()[0].last_error
    assert not broken.shown()["is_shown"]
    broken.halt()
    assert broken.stop(0.1)


def test_what_could_not_be_started_is_tried_again_and_then_sends(desk: Desk) -> None:
    attempts = []

    def make() -> Manager:
        attempts.append(1)
        if len(attempts) == 1:
            raise MemoryError
        return desk.manager

    means = SyncDependencies(make, lambda: True, desk.read, lambda: None)
    service = SyncService(means, HOUR_S, desk.changed, desk.troubles.append)
    service.start()
    try:
        wait_until(lambda: desk.manager.calls, SECONDS, "a pass")
        wait_until(lambda: service.problem() == "", SECONDS, "the end of the trouble")
        assert service.request(SyncRequest())
    finally:
        service.halt()
        service.stop(SECONDS)


def test_a_pass_that_the_end_cuts_short_does_not_say_that_all_is_sent(desk: Desk) -> None:
    desk.manager.waits = True
    desk.service.start()
    wait_until(lambda: desk.manager.calls, SECONDS, "the first pass")
    desk.service.halt()
    result = desk.await_pass(1)
    assert (result["sent"], result["error"]) == (
        10,
        "The program quit before everything was sent.",
    )
    assert desk.service.standing()[0].last_error == ""  # it was told to end: that is no outage


def test_the_end_sends_what_waits_and_hangs_up(desk: Desk) -> None:
    desk.start()
    desk.service.halt()
    assert desk.service.stop(SECONDS)
    assert desk.manager.calls == ["run", "run"]
    assert desk.manager.closed.is_set()


def test_the_end_sends_nothing_where_nothing_waits(desk: Desk) -> None:
    desk.start()
    desk.standing = SyncState()
    desk.service.halt()
    assert desk.service.stop(SECONDS)
    assert desk.manager.calls == ["run"]
    assert desk.manager.closed.is_set()


@pytest.mark.trust
@pytest.mark.parametrize("last", [False, True], ids=["the pass that runs", "the last pass"])
def test_a_pass_that_outlives_the_end_hangs_up_when_it_is_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, last: bool
) -> None:
    if last:
        desk.start()

    def deaf(_stop: threading.Event, _progress: object) -> object:
        desk.manager.calls.append("deaf")
        assert desk.manager.go_on.wait(SECONDS)
        raise ServerUnreachableError("cut", "")

    monkeypatch.setattr(desk.manager, "run", deaf)
    if not last:
        desk.service.start()
        wait_until(lambda: desk.manager.calls, SECONDS, "the first pass")
    desk.service.halt()
    assert not desk.service.stop(0.1)
    assert not desk.manager.closed.is_set()
    desk.manager.go_on.set()
    assert desk.manager.closed.wait(SECONDS)


def test_a_pass_that_does_not_hear_of_the_end_is_cut_short(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)

    def silent(_stop: threading.Event, _progress: object) -> object:
        assert desk.manager.aborted.wait(SECONDS)
        raise ServerUnreachableError("cut", "")

    began = threading.Event()

    def run(stop: threading.Event, progress: Callable[[object], None]) -> object:
        began.set()
        return silent(stop, progress)

    monkeypatch.setattr(desk.manager, "run", run)
    desk.service.start()
    assert began.wait(SECONDS)
    desk.service.halt()
    assert desk.service._scheduler.wait(time.monotonic() + SECONDS)
    # It was told to end: that is no outage.
    assert desk.service.standing()[0].last_error == ""
