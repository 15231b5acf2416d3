"""SyncScheduler: runs passes at intervals, with back-off, on request, and on the server's return.

APScheduler uses the wall clock. A watch thread with the monotonic clock corrects for clock changes
and sleep of the computer, and probes an unreachable server.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import time
from typing import TYPE_CHECKING, Any

from reprospective_tray.errors import ReprospectiveError, ServerUnreachableError, SyncBusyError
from reprospective_tray.system.lean_memory import without
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

# Upper limit of the exponential back-off after failed passes, in seconds.
BACK_OFF_CAP_S = 900.0
# Up to this fraction is added to each delay at random, so that many computers spread out.
JITTER = 0.1
# Interval between probes of an unreachable server.
KNOCK_S = 10.0
# Interval between checks of the clocks, and how late a pass may be before the watch starts it.
LOOK_S = 60.0
LATE_S = 2.0
# How long `last_pass` waits for a pass that was told to stop.
SETTLE_S = 0.3
# Interval of APScheduler's job in days; each pass is planned again long before that.
FAR_DAYS = 365

_JOB = "sync"


class SyncScheduler:
    """Runs passes in a daemon thread, never two at a time, until it is halted.

    Any error causes back-off. `ServerUnreachableError` also starts probing the server.
    """

    def __init__(
        self,
        run_pass: Callable[[threading.Event], object],
        interval_s: float,
        knock: Callable[[], bool],
        on_change: Callable[[], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """Take the pass and its schedule; nothing runs before `start`.

        Args:
            run_pass: Runs one pass; must end early once the given event is set.
            interval_s: Seconds from the end of a pass to the next one.
            knock: Returns whether the server accepts connections; may block.
            on_change: Called in a thread of this object when a pass begins or ends; must not block.
            supervisor: Counts failures of threads.
        """
        self._supervisor = supervisor or Supervisor()
        self._halted = threading.Event()
        self._run_pass = run_pass
        self._interval_s = interval_s
        self._knock = knock
        self._on_change = on_change
        self._clock: Any = None  # APScheduler's, once it runs
        self._lock = threading.RLock()
        self._ended = threading.Condition(self._lock)  # notified when a pass ends
        self._cancel = threading.Event()
        self._last_over = threading.Event()  # set unless the last pass is running
        self._last_over.set()
        self._stopping = False
        self._watching = threading.Event()  # wakes the watch thread
        self._begun = 0
        self._finished = 0
        self._wanted = 0
        self._due = float("inf")  # by the monotonic clock
        self._due_wall = float("inf")
        self._failures = 0
        self._first_s = interval_s  # the first delay of the back-off
        self._error: BaseException | None = None  # the error of the current or last pass
        self._away = False
        self._answered_knock: bool | None = None

    def start(self) -> None:
        """Run the first pass now and the following ones on schedule."""
        # APScheduler imports asyncio, which would load OpenSSL although nothing uses it.
        with without("ssl"):
            from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED

            from reprospective_tray.sync.daemon_scheduler import make_clock

            clock = make_clock(self._supervisor, self._halted)
        # APScheduler logs every pass; this module logs what matters.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        clock.add_listener(self._judge, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        with self._lock:
            if self._stopping:
                return
            self._clock = clock
            clock.start()
            self._plan(0.0)
        threading.Thread(target=self._keep_watch, name="sync-watch", daemon=True).start()

    @property
    def running(self) -> int:
        """The number of the running pass; 0 if none is running."""
        with self._lock:
            return self._begun if self._begun > self._finished else 0

    @property
    def next_run_at(self) -> int | None:
        """When the next pass begins, ms since the epoch, UTC; None if none is planned."""
        with self._lock:
            if self._due == float("inf"):
                return None
            left_s = max(0.0, self._due - time.monotonic())
        return round((time.time() + left_s) * 1000)

    def sync_now(self) -> int:
        """Run a pass at once, or right after the running one; return the number of that pass.

        A pass that is already running does not count, because it may have missed recent rows.
        """
        with self._lock:
            self._wanted = self._begun + 1
            if not self.running:
                self._plan(0.0)
            return self._wanted

    def has_finished(self, number: int) -> bool:
        """Return whether the pass of this number has ended."""
        with self._lock:
            return self._finished >= number

    def halt(self) -> None:
        """Start no more passes and tell the running one to end early; does not block."""
        with self._lock:
            self._stopping = True
            self._halted.set()
            self._cancel.set()
            clock, self._clock = self._clock, None
        self._watching.set()
        if clock is not None:
            clock.shutdown(wait=False)

    def last_pass(self, seconds: float, abort: Callable[[], None]) -> bool:
        """Run one more pass after `halt`, at program end, unless the last pass failed.

        After `seconds` it is told to end, `abort` is called to cut its connection, and after
        0.3 s more it is abandoned.

        Returns:
            Whether no pass is running any more.
        """
        until = time.monotonic() + seconds
        if not self.wait(until):
            return False
        if self._begun and self._failures:
            return True
        cancel, over = threading.Event(), self._last_over
        over.clear()

        def run() -> None:
            try:
                # Before the first pass it is unknown whether the server is reachable.
                if self._begun or self._knock():
                    self._run_pass(cancel)
            except ReprospectiveError as error:
                log.info("the last pass: %s", error)
            # Top of a thread; the program is ending.
            except Exception:
                log.exception("the last pass failed")
            finally:
                over.set()

        # Name resolution cannot be interrupted, so this thread is not joined.
        threading.Thread(target=run, name="sync-last", daemon=True).start()
        if over.wait(max(0.0, until - time.monotonic())):
            return True
        cancel.set()
        abort()
        return over.wait(SETTLE_S)

    def wait(self, until: float) -> bool:
        """Wait until no pass runs, or until `until` (monotonic clock); return whether none runs."""
        with self._ended:
            return self._ended.wait_for(
                lambda: not self.running, max(0.0, until - time.monotonic())
            )

    def wait_for_all(self) -> None:
        """Wait without limit until no pass runs, including the last one."""
        with self._ended:
            self._ended.wait_for(lambda: not self.running)
        self._last_over.wait()

    def _plan(self, delay_s: float) -> None:
        """Plan the next pass in `delay_s` seconds; the lock must be held."""
        from apscheduler.triggers.interval import IntervalTrigger

        if self._clock is None:
            return
        now = time.time()
        self._due, self._due_wall = time.monotonic() + delay_s, now + delay_s
        first = dt.datetime.fromtimestamp(self._due_wall, dt.UTC)
        # Each pass is planned separately: with a short interval, APScheduler would count all
        # missed runs after the clock was set forward by years. The job of a DateTrigger is removed
        # when it is due, which raises in APScheduler's thread during a shutdown.
        self._clock.add_job(
            self._pass,
            IntervalTrigger(days=FAR_DAYS, start_date=first, timezone=dt.UTC),
            next_run_time=first,
            id=_JOB,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
            replace_existing=True,
        )

    def _pass(self) -> None:
        """Run one pass in the job's thread."""
        with self._lock:
            if self._stopping:
                return
            self._begun += 1
            self._error = None
            self._due = self._due_wall = float("inf")
        self._on_change()
        try:
            self._run_pass(self._cancel)
        # Any error is recorded for the back-off; `run_pass` itself has logged it.
        except BaseException as error:  # noqa: BLE001  see above
            self._error = error

    def _judge(self, _event: object) -> None:
        """Count a pass that has ended, and plan the next.

        APScheduler calls it once the job may run again; a job planned earlier would be dropped.
        """
        with self._ended:
            if not self.running:
                return
            self._finished = self._begun
            if self._error is None:
                self._failures, self._first_s = 0, self._interval_s
            # It is not a failure if another process is sending or this pass was told to end.
            elif not (self._stopping or isinstance(self._error, SyncBusyError)):
                self._failures += 1
            self._away = isinstance(self._error, ServerUnreachableError)
            self._answered_knock = None
            self._plan(0.0 if self._wanted > self._finished else self._distance_s())
            self._ended.notify_all()
        self._watching.set()
        self._on_change()

    def _distance_s(self) -> float:
        """Return the delay until the next pass in seconds."""
        if not self._failures:
            distance = self._interval_s
        else:
            # The exponent is limited to keep the float finite.
            backed_off = self._first_s * 2.0 ** min(self._failures - 1, 32)
            distance = min(backed_off, max(BACK_OFF_CAP_S, self._interval_s))
        return distance * (1 + random.uniform(0, JITTER))  # noqa: S311  no secret

    def _keep_watch(self) -> None:
        self._supervisor.run(SupervisedPart.SENDING, self._watch, self._halted)

    def _watch(self) -> None:
        """Probe an unreachable server, and start passes that are overdue."""
        while not self._stopping:
            if self._away and not self.running:
                self._look_for_server()
            with self._lock:
                away, left_s = self._away, self._due + LATE_S - time.monotonic()
                late = left_s <= 0 or time.time() > self._due_wall + LATE_S
                if late and not self.running:
                    log.debug("the clock was set or the computer slept: starting a pass now")
                    self._plan(0.0)
                    left_s = LATE_S
            self._watching.wait(KNOCK_S if away else min(LOOK_S, max(left_s, LATE_S)))
            self._watching.clear()

    def _look_for_server(self) -> None:
        """Run a pass at once if the server answers and did not at the last probe."""
        try:
            answers = self._knock()
        # For example a failed name resolution; the watch continues.
        except Exception:
            log.exception("probing the server failed")
            answers = False
        with self._lock:
            is_back = answers and self._answered_knock is False
            self._answered_knock = answers
            if is_back and self._away and not self.running:
                log.info("the server is reachable again")
                # The server may not accept log-ins yet; if this pass fails, retry soon.
                self._failures, self._first_s = 0, min(KNOCK_S, self._interval_s)
                self._plan(0.0)
