"""SyncScheduler: when passes run: at intervals, backing off, when asked, when the server is back.

APScheduler keeps the times by the wall clock. A watch of its own, by the
monotonic clock, sees to it that a clock that is set and a computer that slept
change nothing, and knocks at a server that is away.
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

# Seconds. Passes that fail come at doubling distances, and at most this far apart.
BACK_OFF_CAP_S = 900.0
# This part of a distance is added at random, so that many computers do not come together.
JITTER = 0.1
# How often a server that is away is knocked at.
KNOCK_S = 10.0
# How often the clocks are looked at, and how late a pass may be before it is started all the same.
LOOK_S = 60.0
LATE_S = 2.0
# What a pass that was told to end may still take at the very end.
SETTLE_S = 0.3
# Where APScheduler sees the pass after the next: it is planned again before.
FAR_DAYS = 365

_JOB = "sync"


class SyncScheduler:
    """Runs passes in a daemon thread, never two at a time, until it is stopped.

    A pass that raises `ServerUnreachableError` starts the knocking; any error is
    answered by backing off.
    """

    def __init__(
        self,
        run_pass: Callable[[threading.Event], object],
        interval_s: float,
        knock: Callable[[], bool],
        on_change: Callable[[], None],
        supervisor: Supervisor | None = None,
    ) -> None:
        """Take what is run, and when; nothing runs yet.

        Args:
            run_pass: Does one pass; ends early when the event it gets is set.
            interval_s: Seconds from the end of a pass to the next one.
            knock: Tells whether somebody listens where the server is; may take its time.
            on_change: Called in a thread of this object when a pass begins or ends; must not wait.
            supervisor: Counts what dies.
        """
        self._supervisor = supervisor or Supervisor()
        self._halted = threading.Event()
        self._run_pass = run_pass
        self._interval_s = interval_s
        self._knock = knock
        self._on_change = on_change
        self._clock: Any = None  # APScheduler's, once it runs
        self._lock = threading.RLock()
        self._ended = threading.Condition(self._lock)  # a pass has
        self._cancel = threading.Event()
        self._last_over = threading.Event()  # no last pass is on its way
        self._last_over.set()
        self._stopping = False
        self._watching = threading.Event()  # news for the watch
        self._begun = 0
        self._finished = 0
        self._wanted = 0
        self._due = float("inf")  # by the monotonic clock
        self._due_wall = float("inf")
        self._failures = 0
        self._first_s = interval_s  # the first distance of backing off
        self._error: BaseException | None = None  # of the pass that runs, or ran last
        self._away = False
        self._answered_knock: bool | None = None

    def start(self) -> None:
        """Run the first pass now, and the others in their time."""
        # It loads asyncio, and that OpenSSL, for nobody.
        with without("ssl"):
            from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED

            from reprospective_tray.sync.daemon_scheduler import make_clock

            clock = make_clock(self._supervisor, self._halted)
        # It would tell of each pass; what matters is told here.
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
        """The number of the pass that runs now, 0 where none does."""
        with self._lock:
            return self._begun if self._begun > self._finished else 0

    @property
    def next_run_at(self) -> int | None:
        """When the next pass begins, ms since the epoch; None where none is planned."""
        with self._lock:
            if self._due == float("inf"):
                return None
            left_s = max(0.0, self._due - time.monotonic())
        return round((time.time() + left_s) * 1000)

    def sync_now(self) -> int:
        """Run a pass at once, or right after the one that runs; return the number of that pass.

        A pass that had begun before is no answer: it may have passed by what is asked for.
        """
        with self._lock:
            self._wanted = self._begun + 1
            if not self.running:
                self._plan(0.0)
            return self._wanted

    def has_finished(self, number: int) -> bool:
        """Say whether the pass of this number is over."""
        with self._lock:
            return self._finished >= number

    def halt(self) -> None:
        """Begin no pass any more and let the one that runs end early; waits for nothing."""
        with self._lock:
            self._stopping = True
            self._halted.set()
            self._cancel.set()
            clock, self._clock = self._clock, None
        self._watching.set()
        if clock is not None:
            clock.shutdown(wait=False)

    def last_pass(self, seconds: float, abort: Callable[[], None]) -> bool:
        """Run one more pass after `halt`, where the server was there lately; for Quit.

        When `seconds` have gone it is told to end, `abort` is called to cut it short, and it is
        left alone.

        Returns:
            Whether no pass runs any more.
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
                # Before the first pass nobody knows whether there is a server.
                if self._begun or self._knock():
                    self._run_pass(cancel)
            except ReprospectiveError as error:
                log.info("the last pass: %s", error)
            # The top of a thread; the program ends.
            except Exception:
                log.exception("the last pass failed")
            finally:
                over.set()

        # Resolving a name cannot be cut short: nobody joins this thread.
        threading.Thread(target=run, name="sync-last", daemon=True).start()
        if over.wait(max(0.0, until - time.monotonic())):
            return True
        cancel.set()
        abort()
        return over.wait(SETTLE_S)

    def wait(self, until: float) -> bool:
        """Wait until no pass runs or the monotonic clock shows `until`; say whether none does."""
        with self._ended:
            return self._ended.wait_for(
                lambda: not self.running, max(0.0, until - time.monotonic())
            )

    def wait_for_all(self) -> None:
        """Wait until no pass runs, the last one included, however long that takes."""
        with self._ended:
            self._ended.wait_for(lambda: not self.running)
        self._last_over.wait()

    def _plan(self, delay_s: float) -> None:
        """Let the next pass begin in so many seconds; with the lock held."""
        from apscheduler.triggers.interval import IntervalTrigger

        if self._clock is None:
            return
        now = time.time()
        self._due, self._due_wall = time.monotonic() + delay_s, now + delay_s
        first = dt.datetime.fromtimestamp(self._due_wall, dt.UTC)
        # Each pass is planned by itself: a short interval would count up every time that a clock
        # which is set forward by years has jumped over. A DateTrigger's job is removed when it
        # is due, which raises in APScheduler's thread where the shutdown comes between.
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
        """Run one pass; in the thread of the job."""
        with self._lock:
            if self._stopping:
                return
            self._begun += 1
            self._error = None
            self._due = self._due_wall = float("inf")
        self._on_change()
        try:
            self._run_pass(self._cancel)
        # Whatever went wrong, the next pass has its turn; who runs passes says what happened.
        except BaseException as error:  # noqa: BLE001  see above
            self._error = error

    def _judge(self, _event: object) -> None:
        """Count a pass that has ended, and plan the next.

        APScheduler calls it when the job may run again; a moment before, it
        would drop one that is due.
        """
        with self._ended:
            if not self.running:
                return
            self._finished = self._begun
            if self._error is None:
                self._failures, self._first_s = 0, self._interval_s
            # Where somebody else is sending, or this pass was told to end, nothing has failed.
            elif not (self._stopping or isinstance(self._error, SyncBusyError)):
                self._failures += 1
            self._away = isinstance(self._error, ServerUnreachableError)
            self._answered_knock = None
            self._plan(0.0 if self._wanted > self._finished else self._distance_s())
            self._ended.notify_all()
        self._watching.set()
        self._on_change()

    def _distance_s(self) -> float:
        """Return how far away the next pass is, in seconds."""
        if not self._failures:
            distance = self._interval_s
        else:
            # Not more doublings than a float can hold.
            backed_off = self._first_s * 2.0 ** min(self._failures - 1, 32)
            distance = min(backed_off, max(BACK_OFF_CAP_S, self._interval_s))
        return distance * (1 + random.uniform(0, JITTER))  # noqa: S311  no secret

    def _keep_watch(self) -> None:
        self._supervisor.run(SupervisedPart.SENDING, self._watch, self._halted)

    def _watch(self) -> None:
        """Knock while the server is away, and start what the clock has forgotten."""
        while not self._stopping:
            if self._away and not self.running:
                self._look_for_server()
            with self._lock:
                away, left_s = self._away, self._due + LATE_S - time.monotonic()
                late = left_s <= 0 or time.time() > self._due_wall + LATE_S
                if late and not self.running:
                    log.debug("the clock was set, or the computer slept: a pass begins now")
                    self._plan(0.0)
                    left_s = LATE_S
            self._watching.wait(KNOCK_S if away else min(LOOK_S, max(left_s, LATE_S)))
            self._watching.clear()

    def _look_for_server(self) -> None:
        """Run a pass at once where somebody answers who did not at the last knock."""
        try:
            answers = self._knock()
        # A name that nobody could look up, for one: the watch goes on.
        except Exception:
            log.exception("the knock failed")
            answers = False
        with self._lock:
            is_back = answers and self._answered_knock is False
            self._answered_knock = answers
            if is_back and self._away and not self.running:
                log.info("the server is back")
                # It may take a moment more to let people in: soon again, should this pass fail.
                self._failures, self._first_s = 0, min(KNOCK_S, self._interval_s)
                self._plan(0.0)
