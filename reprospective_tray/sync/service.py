"""SyncService: synchronisation in the running program, on schedule and on request.

Requests and results are plain values, so that other processes can use them.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.errors import (
    ReprospectiveError,
    ServerError,
    ServerRefusedError,
    StoreError,
    SyncBusyError,
)
from reprospective_tray.messages import _
from reprospective_tray.store.outbox.sync_state import SyncState
from reprospective_tray.sync import health, status_messages
from reprospective_tray.sync.scheduler import SyncScheduler
from reprospective_tray.sync.sync_request import SyncRequest, SyncResult
from reprospective_tray.system.clock import now_ms
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.sync.manager import DatabaseSyncManager
    from reprospective_tray.sync.pass_result import PassProgress

log = logging.getLogger(__name__)

# A small pass every minute is not shown; it is shown if it takes this long or has this many rows.
SHOWN_AFTER_S = 2.0
SHOWN_FROM_ROWS = 2000
# Number of past results kept for late requests.
KEPT_RESULTS = 16
# How long a pass may take to end after `halt` before its connection is cut.
PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True)
class SyncDependencies:
    """Functions for access to the local file and the server.

    Attributes:
        make_manager: Creates the manager that runs the passes; called in its own thread.
        knock: Returns whether the server accepts connections; may block.
        read: Returns the upload progress of the local file; raises StoreError.
        close_file: Leaves the file in a state for readers once nothing writes to it any more.
    """

    make_manager: Callable[[], DatabaseSyncManager]
    knock: Callable[[], bool]
    read: Callable[[], SyncState]
    close_file: Callable[[], None]


class SyncService:
    """Sends sessions in the background; all methods may be called from any thread."""

    def __init__(
        self,
        means: SyncDependencies,
        interval_s: float,
        on_change: Callable[[], None],
        on_trouble: Callable[[str], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """Take the dependencies; nothing is loaded or run before `start`.

        Args:
            means: Access to the file and the server.
            interval_s: Seconds between two passes.
            on_change: Called when there is something new to show; must not block.
            on_trouble: Called with a sentence for the user: once per long outage, and if a pass
                fails whose request has `speak_up`.
            supervisor: Counts failures of threads.
        """
        self._supervisor = supervisor or Supervisor()
        self._halted = threading.Event()
        self._means = means
        self._on_change = on_change
        self._on_trouble = on_trouble
        self._scheduler = SyncScheduler(
            self._pass, interval_s, means.knock, on_change, self._supervisor
        )
        self._manager: DatabaseSyncManager | None = None
        self._lock = threading.Lock()
        self._wishes: dict[int, SyncRequest] = {}
        self._results: dict[int, SyncResult] = {}
        self._asked_for = 0  # the last pass that the user requested
        self._step, self._done, self._total = "", 0, 0
        self._began_s = 0.0
        self._health = health.Health()
        self._has_result = False
        self._broken: SyncResult | None = None  # set if sending could not be started
        self._standing = SyncState()

    def start(self) -> None:
        """Load the modules for sending and start, in a separate thread."""
        threading.Thread(target=self._keep_starting, name="sync-start", daemon=True).start()

    def _keep_starting(self) -> None:
        self._supervisor.run(SupervisedPart.SENDING, self._start, self._halted)

    def _start(self) -> None:
        try:
            self._manager = self._means.make_manager()
            with self._lock:
                if self._broken is not None:  # a previous attempt failed
                    self._broken, self._health, self._has_result = None, health.Health(), False
            self._scheduler.start()
        except ReprospectiveError as error:
            log.warning("sending could not be started: %s", error)
            self._break(str(error), error.remedy)
        # Recording continues without sending; the user is told, and the supervisor retries.
        except BaseException:
            what = _("Sending could not be started because of an internal error.")
            self._break(what, _("See the log for details."))
            raise

    def _break(self, error: str, remedy: str) -> None:
        self._broken = SyncResult(error=error, remedy=remedy)
        self._failed(self._broken, by_person=True, stays=True)
        self.refresh()
        self._on_change()

    def request(self, wish: SyncRequest) -> int:
        """Request a pass at once; return its number for `progress`.

        Raises:
            ReprospectiveError: sending could not be started.
        """
        if self._broken is not None:
            raise ReprospectiveError(self._broken.error, self._broken.remedy)
        with self._lock:
            number = self._scheduler.sync_now()
            self._wishes[number] = self._wishes.get(number, SyncRequest()) | wish
            self._asked_for = number
        self._on_change()
        return number

    def progress(self, number: int) -> dict[str, object]:
        """Return the progress or the result of the pass of this number, as plain JSON values."""
        broken = self._broken
        is_over = self._scheduler.has_finished(number) or broken is not None
        with self._lock:
            step, done, total = self._step, self._done, self._total
            result = self._results.get(number, broken or SyncResult())
        if is_over:
            self.refresh()
        return {
            "running": not is_over,
            "step": step,
            "done": done,
            "total": total,
            "waiting": self._standing.waiting,
            "refused_in_all": self._standing.refused,
            "result": {name: getattr(result, name) for name in SyncResult.__slots__},
        }

    def refresh(self) -> None:
        """Read the upload progress again, and report an outage that has lasted for long."""
        try:
            self._standing = self._means.read()
        except StoreError as error:
            log.debug("%s", error)  # the monitor reports this problem
        text = self._problem(status_messages.problem)
        with self._lock:
            is_news = bool(text) and self._health.failing_since_at is not None
            is_news = is_news and not self._health.is_told
            if is_news:
                self._health = health.told(self._health)
        if is_news:
            self._on_trouble(text)

    def problem(self) -> str:
        """Return one line for the user if sending has failed for long; otherwise empty."""
        return self._problem(status_messages.brief_problem)

    def reason(self) -> str:
        """Return why the last pass failed and what to do, in one line; empty if it succeeded."""
        return status_messages.reason(self._health)

    def _problem(self, message: Callable[[health.Health, int, int, int], str]) -> str:
        found = self._health
        standing, now = self.standing()[0], now_ms()
        if not health.fails_for_long(found, standing.waiting, time.monotonic()):
            return ""
        since = standing.last_success_at or found.failing_since_at or now
        return message(found, standing.waiting, since, now)

    def standing(self) -> tuple[SyncState, int | None]:
        """Return the last known upload progress, and the time of the next pass (ms UTC)."""
        with self._lock:
            kept, now, has_result = self._standing, self._health, self._has_result
        if has_result:
            success = now.last_success_at or kept.last_success_at
            kept = SyncState(kept.waiting, kept.refused, success, now.error)
        return kept, self._scheduler.next_run_at

    def shown(self) -> dict[str, object]:
        """Return the progress to show for the running pass, as plain JSON values."""
        running = self._scheduler.running
        with self._lock:
            is_long = time.monotonic() - self._began_s > SHOWN_AFTER_S
            is_asked_for = self._asked_for >= max(running, 1)
            is_big = self._total >= SHOWN_FROM_ROWS
            done, total = self._done, self._total
        waits = is_asked_for and not self._scheduler.has_finished(self._asked_for)
        waits = waits and self._broken is None
        is_shown = bool(waits or (running and (is_long or is_big)))
        return {"is_shown": is_shown, "sent": done, "total": total}

    def halt(self) -> None:
        """Start no more passes and tell the running one to end; does not block."""
        self._halted.set()
        self._scheduler.halt()
        if self._scheduler.running:
            impatient = threading.Timer(PATIENCE_S, self._cut_short)
            impatient.name, impatient.daemon = "sync-end", True
            impatient.start()

    def stop(self, last_pass_s: float) -> bool:
        """Send the waiting rows within `last_pass_s` seconds; call it after `halt`.

        A pass that takes longer is abandoned; its connection is closed once it ends.

        Returns:
            Whether the local file is no longer in use by this service.
        """
        manager = self._manager
        if manager is None:
            return True
        self.refresh()
        if self._standing.waiting:
            is_over = self._scheduler.last_pass(last_pass_s, manager.abort)
        else:
            is_over = self._scheduler.wait(time.monotonic() + last_pass_s)
        if is_over:
            manager.close()
        else:
            # The program may continue with other settings, so the connection must be closed later.
            threading.Thread(
                target=self._close_later, args=(manager,), name="sync-close", daemon=True
            ).start()
        return is_over

    def _close_later(self, manager: DatabaseSyncManager) -> None:
        self._scheduler.wait_for_all()
        manager.close()

    def _cut_short(self) -> None:
        if self._manager and self._scheduler.running:
            self._manager.abort()

    def _pass(self, cancel: threading.Event) -> None:
        """Run one pass and store its result."""
        assert self._manager is not None
        with self._lock:
            number = self._scheduler.running
            wish = self._wishes.pop(number, SyncRequest())
            self._done = self._total = 0
            self._began_s = time.monotonic()
        try:
            result = self._manager.carry_out(wish, cancel, self._progressed)
        except ReprospectiveError as error:
            is_news = str(error) != self._health.error
            log.log(logging.INFO if is_news else logging.DEBUG, "the pass failed: %s", error)
            result = SyncResult(error=str(error), remedy=error.remedy)
            if not (cancel.is_set() or isinstance(error, SyncBusyError)):
                brief = error.brief if isinstance(error, ServerError) else ""
                by_person = isinstance(error, ServerRefusedError)
                self._failed(result, by_person=by_person, brief=brief)
            raise
        except BaseException as error:
            log.exception("the pass failed")
            what = _("Sending failed with an internal error: {kind}.").format(
                kind=type(error).__name__
            )
            result = SyncResult(error=what, remedy=_("See the log for details."))
            self._failed(result, by_person=True)
            raise
        else:
            level = logging.INFO if result.refused or result.deleted else logging.DEBUG
            log.log(level, "%s", result)
            if not cancel.is_set():
                with self._lock:
                    self._health, self._has_result = health.succeeded(now_ms()), True
        finally:
            with self._lock:
                self._results[number] = result
                for old in sorted(self._results)[:-KEPT_RESULTS]:
                    del self._results[old]
            self.refresh()
            if wish.speak_up and result.error and not cancel.is_set():
                self._on_trouble(status_messages.failure(result.error, result.remedy))

    def _failed(
        self, result: SyncResult, *, by_person: bool, stays: bool = False, brief: str = ""
    ) -> None:
        failure = health.Failure(result.error, result.remedy, by_person, stays, brief)
        with self._lock:
            self._health = health.failed(self._health, failure, now_ms(), time.monotonic())
            self._has_result = True

    def _progressed(self, step: str, progress: PassProgress) -> None:
        with self._lock:
            self._step = step
            self._done, self._total = progress.done, progress.total
        self._on_change()
