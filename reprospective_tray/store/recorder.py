"""Recorder: what was observed reaches the file, whatever the disk and others do meanwhile.

Changes queue up in memory while the database is locked, the disk is full or the
file is being replaced, and are written in their order when it is possible again.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import peewee

from reprospective_tray.errors import DamagedStoreError, StoreError
from reprospective_tray.messages import _
from reprospective_tray.store import leftover, salvage
from reprospective_tray.store.adapter import (
    SqliteAdapter,
    is_damage,
    sqlite_cause,
    sqlite_code,
)
from reprospective_tray.store.sessions import Change, Put
from reprospective_tray.store.writer import Interval, SessionWriter

log = logging.getLogger(__name__)

# Several days of dense use; beyond it the oldest changes are dropped, and that is said.
QUEUE_LIMIT = 20_000
# Neither a long queue nor somebody else's transaction must hold up the observing thread.
_BATCH = 25
_BUDGET_S = 0.05
_BUSY_TIMEOUT_S = 0.1
# How long a blocked queue waits for its next attempt.
_RETRY_S = 1.0
_SALVAGE_RETRY_S = 10.0
# How long the end waits for another program's transaction.
_LAST_S = 3.0

OpenAdapter = Callable[[], SqliteAdapter]


class Recorder:
    """Writes the changes of one monitor thread; every method but `check` belongs to that thread."""

    def __init__(
        self, open_adapter: OpenAdapter, source_host: str, on_damage: Callable[[Path], None]
    ) -> None:
        """Take a way to open the file, and whom to tell where a damaged one was set aside."""
        self._open_adapter = open_adapter
        self._source_host = source_host
        self._on_damage = on_damage
        self._queue: deque[Change] = deque()
        self._dropped = 0
        self._blocked_until = 0.0
        self._damage_found = threading.Event()
        self._damaged: list[Path] = []  # set aside, and unknown to the new file as yet
        self._helpers: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._adapter: SqliteAdapter | None = None
        self._writer: SessionWriter | None = None
        self._run: int | None = None
        self.problem = ""

    @property
    def waiting(self) -> int:
        """How many changes are in memory alone."""
        return len(self._queue)

    def retry_in_ms(self) -> int | None:
        """Return when to call `flush` again, or None when nothing waits."""
        if not self._queue:
            return None
        return max(round((self._blocked_until - time.monotonic()) * 1000), 0)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold this thread's connection, and leave the file as readers need it.

        An open session of a run that was killed is closed first.
        """
        try:
            self._ready()
            yield
        finally:
            try:
                self._write_the_rest()
            finally:
                self._stop_helpers()
                self._let_go(clean=True)

    def _write_the_rest(self) -> None:
        """Write everything, or keep it for the next start; in bounded time."""
        deadline = time.monotonic() + _LAST_S
        while not self.flush(to_the_end=True) and time.monotonic() < deadline:
            self._stopping.wait(_BUSY_TIMEOUT_S)
        if not self._queue:
            return
        count, reason = len(self._queue), self.problem or _("another program is writing to it")
        try:
            leftover.keep(self._open_adapter().path, list(self._queue), self._run)
        except OSError as error:
            log.error("%d changes are lost: %s (%s)", count, reason, error)  # noqa: TRY400  a line is enough
        else:
            log.warning("%d changes are kept for the next start: %s", count, reason)
        self._queue.clear()

    def occupied(self, since: int) -> list[Interval]:
        """Return the recorded times after `since`; nothing while the file cannot be read."""
        try:
            return self._writer.occupied(since) if self._writer else []
        except peewee.PeeweeException as error:
            self._note(error)
            return []

    def record(self, changes: Sequence[Change]) -> None:
        """Write `changes`, at once if possible."""
        for change in changes:
            last = self._queue[-1] if self._queue else None
            if (
                isinstance(change, Put)
                and isinstance(last, Put)
                and change.session.uid == last.session.uid
            ):
                self._queue.pop()  # its newest state says it all
            self._queue.append(change)
        while len(self._queue) > QUEUE_LIMIT:
            self._drop_oldest()
        if changes:
            self.flush()

    def flush(self, *, to_the_end: bool = False) -> bool:
        """Write of what waits as much as takes no time; tell whether nothing waits any more.

        While the file is blocked it only tries now and then. `to_the_end` tries
        at once, and does not stop before the file is blocked.
        """
        begun = time.monotonic()
        if not to_the_end and begun < self._blocked_until:
            return False
        if self._damage_found.is_set():
            self._replace_damaged()
        size = _BATCH
        while self._queue and (to_the_end or time.monotonic() - begun < _BUDGET_S):
            written = self._write_some(size)
            if written is None:
                self._blocked_until = time.monotonic() + _RETRY_S
                return False
            size = written or 1
        return not self._queue

    def _write_some(self, size: int) -> int | None:
        """Write the first `size` changes; return how many, None where it must wait.

        Where one of them can never be stored it is none, and `size` must be one.
        """
        if not self._ready() or self._writer is None:
            return None
        batch = list(islice(self._queue, size))
        try:
            self._writer.apply(batch)
        except peewee.IntegrityError as error:
            # Waiting never mends it, and one bad row never blocks the others.
            if len(batch) > 1:
                return 0
            # An error that is kept keeps its statement, and that keeps the file open.
            log.error("a change that cannot be stored is left out: %s", str(error))  # noqa: TRY400  a line is enough
        except peewee.PeeweeException as error:
            self._note(error)
            if is_damage(error):
                self._replace_damaged()
            return None
        for _change in batch:
            self._queue.popleft()
        self._recovered()
        return len(batch)

    def check(self) -> None:
        """Read every page in a thread of its own; a damaged file is replaced at the next flush."""
        adapter = self._adapter
        if adapter is None:
            return

        def read() -> None:
            if not salvage.is_sound(adapter.path, self._stopping):
                self._damage_found.set()

        self._start_helper("check", read)

    def _ready(self) -> bool:
        """Make sure that the file is open and is still the one at its path."""
        if self._adapter and self._adapter.replaced:
            log.warning("the database %s was replaced: opening it anew", self._adapter.path)
            self._adapter.leave_no_wal()
            self._let_go(clean=False)
        for _attempt in ("as it is", "in place of a damaged one"):
            if self._writer:
                break
            try:
                self._open()
            except DamagedStoreError:
                if not self._set_aside():
                    return False
            except (StoreError, peewee.PeeweeException) as error:
                self._note(error)
                return False
        return self._writer is not None

    def _open(self) -> None:
        adapter = self._open_adapter()
        adapter.database.timeout = _BUSY_TIMEOUT_S
        adapter.open()
        adapter.database.connect()
        try:
            for damaged in self._damaged:
                salvage.adopt(damaged, adapter)
            if taken := leftover.take_up(adapter, self._source_host):
                log.warning("%d changes that an earlier run could not write are written", taken)
            writer = SessionWriter(adapter, self._source_host)
            if closed := writer.recover():
                log.warning("%d session left open by a killed run was closed", closed)
            unfinished = salvage.unfinished(adapter)
        except peewee.PeeweeException as error:
            adapter.database.close()
            raise adapter.explain(error) from error
        self._adapter, self._writer, self._run = adapter, writer, writer.run
        self._damaged.clear()
        for damaged in unfinished:
            self._start_helper("salvage", partial(self._take_over, damaged, adapter))

    def _let_go(self, *, clean: bool) -> None:
        if self._adapter:
            self._adapter.database.close()
            if clean:
                self._adapter.close()
        self._adapter = self._writer = None

    def _replace_damaged(self) -> None:
        self._damage_found.clear()
        self._let_go(clean=False)
        self._set_aside()

    def _set_aside(self) -> bool:
        """Make room for a new file; tell whether there is."""
        try:
            damaged = salvage.set_aside(self._open_adapter().path)
        except OSError as error:
            self._note(error)
            return False
        self._damaged.append(damaged)
        self._on_damage(damaged)
        return True

    def _take_over(self, damaged: Path, adapter: SqliteAdapter) -> None:
        told = False
        while not self._stopping.is_set():
            try:
                salvage.take_over(damaged, adapter, self._stopping)
            except (peewee.PeeweeException, sqlite3.Error):
                if not told:
                    log.exception("not everything was taken over from %s yet", damaged)
                told = True
                self._stopping.wait(_SALVAGE_RETRY_S)
            else:
                return

    def _drop_oldest(self) -> None:
        # What a Rewind or StepBack is about may be in the file already.
        puts = (i for i, change in enumerate(self._queue) if isinstance(change, Put))
        del self._queue[next(puts, 0)]
        self._dropped += 1
        if self._dropped == 1:
            self.problem = _("Memory for waiting sessions is full: the oldest are being lost.")
            log.error("%s", self.problem)

    def _stop_helpers(self) -> None:
        self._stopping.set()
        for helper in self._helpers:
            helper.join()
        self._helpers.clear()
        self._stopping.clear()

    def _start_helper(self, name: str, work: Callable[[], None]) -> None:
        helper = threading.Thread(target=work, name=name, daemon=True)
        self._helpers.append(helper)
        helper.start()

    def _note(self, error: Exception) -> None:
        """Say once what keeps the changes in memory."""
        reason, code = sqlite_cause(error), sqlite_code(error)
        if self._dropped or code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return  # worse has been said, or it is another program's transaction: it ends
        if code == sqlite3.SQLITE_FULL:
            problem = _("The disk is full: sessions are kept in memory until there is room.")
        else:
            problem = _("The database cannot be written: {reason}. Sessions wait in memory.")
            problem = problem.format(reason=str(reason).rstrip("."))
        if problem != self.problem:
            log.error("%s (%s)", problem, str(reason))
        self.problem = problem

    def _recovered(self) -> None:
        if self._dropped:
            log.error("%d changes were lost while the database was away", self._dropped)
            self._dropped = 0
        if self.problem:
            log.warning("the database can be written again")
        self.problem = ""
