"""Recorder: writes session changes to the database and survives temporary failures.

Changes are queued in memory while the database is locked, the disk is full or the file is being
replaced. They are written in order once the database is available again.
"""

import errno
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from reprospective_tray.errors import DamagedStoreError, StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.backends import make_maintenance
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.sessions import Change, Interval, Put
from reprospective_tray.store.recording import spool
from reprospective_tray.store.recording.session_writer import SessionWriter

log = logging.getLogger(__name__)

# Several days of dense use; beyond that the oldest changes are dropped and the user is told.
QUEUE_LIMIT = 20_000
# Neither a long queue nor another program's transaction may block the monitor thread.
_BATCH = 25
_BUDGET_S = 0.05
_BUSY_TIMEOUT_S = 0.1
# How long `exclusively` waits for other programs.
_WORK_S = 2.0

OpenAdapter = Callable[[], DatabaseAdapter]


class Recorder:
    """Writes the changes of one monitor thread, from which all methods but `check` are called."""

    def __init__(
        self,
        open_adapter: OpenAdapter,
        source_host: str,
        on_damage: Callable[[Path], None],
        on_loss: Callable[[str], None] = lambda _lost: None,
    ) -> None:
        """Take the adapter factory and this computer's name.

        `on_damage` receives the path to which a damaged file was moved. `on_loss` receives a
        sentence for the user about lost changes.
        """
        self._on_loss = on_loss
        self._open_adapter = open_adapter
        self._source_host = source_host
        self._maintenance = make_maintenance(open_adapter(), on_damage)
        self._queue: deque[Change] = deque()
        self._dropped = 0
        self._blocked_until = 0.0
        self._failures = 0
        self._adapter: DatabaseAdapter | None = None
        self._writer: SessionWriter | None = None
        self._run: int | None = None
        self.problem = ""

    @property
    def waiting(self) -> int:
        """The number of changes that are only in memory."""
        return len(self._queue)

    def retry_in_ms(self) -> int | None:
        """Return in how many ms to call `flush` again, or None if it has nothing to do."""
        # A database that is closed or damaged needs a flush even if the queue is empty.
        if self._writer and not self._queue and not self._maintenance.is_damaged():
            return None
        return max(round((self._blocked_until - time.monotonic()) * 1000), 0)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep this thread's connection open; on exit, leave the file in a state for readers.

        An open session left by a killed run is closed first.
        """
        try:
            self._maintenance.given_up = False
            self._run, self.problem, self._blocked_until = None, "", 0.0
            self._ready()
            yield
        finally:
            try:
                self._write_the_rest()
            finally:
                self._maintenance.stop()
                self._let_go(clean=True)

    def _write_the_rest(self) -> None:
        """Write all queued changes, or spool them for the next start, within bounded time."""
        deadline = time.monotonic() + self._maintenance.last_s
        while not self.flush(to_the_end=True) and time.monotonic() < deadline:
            time.sleep(_BUSY_TIMEOUT_S)
        if not self._queue:
            return
        count, reason = (
            len(self._queue),
            self.problem or _("the database cannot be written at the moment"),
        )
        file, kept, problem = self._open_adapter().leftover_file, 0, os.strerror(errno.ENOSPC)
        try:
            kept = spool.keep(file, list(self._queue), self._run)
            log.warning("%d changes are kept for the next start: %s", kept, reason)
        except OSError as error:
            problem = error.strerror or str(error)
        self._queue.clear()
        if kept < count:
            lost = _("{count} changes could not be saved to {path} and are lost: {reason}.")
            lost = lost.format(count=count - kept, path=file, reason=problem)
            log.error("%s", lost)
            self._on_loss(lost)

    def occupied(self, since: int) -> list[Interval]:
        """Return the recorded times after `since` (ms); empty while the file cannot be read."""
        try:
            return self._writer.occupied(since) if self._writer else []
        except self._maintenance.trouble as error:
            self._suffer(error)
            return []

    def record(self, changes: Sequence[Change]) -> None:
        """Queue `changes` and write them at once if possible."""
        for change in changes:
            last = self._queue[-1] if self._queue else None
            if (
                isinstance(change, Put)
                and isinstance(last, Put)
                and change.session.uid == last.session.uid
            ):
                self._queue.pop()  # the newer state of the same session replaces it
            self._queue.append(change)
        while len(self._queue) > QUEUE_LIMIT:
            self._drop_oldest()
        if changes:
            self.flush()

    def flush(self, *, to_the_end: bool = False) -> bool:
        """Write queued changes for a short time; return whether the queue is empty.

        While the file is blocked, it retries only at intervals. `to_the_end` tries at once and
        continues until the queue is empty or the file is blocked.
        """
        begun = time.monotonic()
        if not to_the_end and begun < self._blocked_until:
            return not self._queue
        if self._maintenance.is_damaged():
            self._replace_damaged()
        if not self._ready():
            self._wait()
            return not self._queue
        if not self._queue:
            self._recovered()
        size = _BATCH
        while self._queue and (to_the_end or time.monotonic() - begun < _BUDGET_S):
            written = self._write_some(size)
            if written is None:
                self._wait()
                return False
            size = written or 1
        return not self._queue

    def _wait(self) -> None:
        self._failures += 1
        self._blocked_until = time.monotonic() + self._maintenance.retry_s(self._failures)

    def _write_some(self, size: int) -> int | None:
        """Write the first `size` changes; return how many, or None if the database is blocked.

        Returns 0 if one of them can never be stored; the caller must then retry with a size of 1,
        for which the bad change is skipped.
        """
        if not self._ready() or self._writer is None:
            return None
        batch = list(islice(self._queue, size))
        try:
            self._writer.apply(batch)
        except self._maintenance.unstorable as error:
            # A retry cannot succeed, and one bad row must not block the others.
            if len(batch) > 1:
                return 0
            # Log only the text: a stored exception holds its statement, which keeps the file open.
            log.error("a change that cannot be stored is left out: %s", str(error))  # noqa: TRY400  a line is enough
        except self._maintenance.trouble as error:
            self._suffer(error)
            return None
        for _change in batch:
            self._queue.popleft()
        self._recovered()
        return len(batch)

    @contextmanager
    def exclusively(self) -> Iterator[Any]:
        """Yield the open database with all changes written, for other work on it.

        Raises:
            StoreError: the changes cannot be written now, or an operation in the block fails.
        """
        deadline = time.monotonic() + _WORK_S
        while not (self._ready() and self.flush(to_the_end=True)):
            if time.monotonic() >= deadline:
                raise StoreError(
                    self.problem or _("Another program is writing to the database."),
                    _("Try again in a moment."),
                )
            time.sleep(_BUSY_TIMEOUT_S)
        adapter = self._adapter
        assert adapter is not None
        try:
            adapter.be_patient(_WORK_S)
            yield adapter
        except StoreError:
            raise  # already has a message for the user
        except adapter.errors as error:
            if self._maintenance.is_damaged(error):
                self._replace_damaged()
            raise adapter.explain(error) from error
        finally:
            if self._adapter is adapter:
                with suppress(*self._maintenance.trouble):
                    adapter.be_patient(_BUSY_TIMEOUT_S)

    def give_up(self) -> None:
        """Open no more connections, so that pending changes are spooled; any thread may call it."""
        self._maintenance.given_up = True

    def check(self, on_damage_found: Callable[[], None] = lambda: None) -> None:
        """Check for damage in a helper thread; the next flush handles it."""
        if self._adapter:
            self._maintenance.check(self._adapter, on_damage_found)

    def _ready(self) -> bool:
        """Make sure that the database is open and has not been replaced; return whether it is."""
        if self._adapter and self._maintenance.is_lost(self._adapter):
            self._let_go(clean=False)
        for _attempt in ("as it is", "in place of a damaged one"):
            if self._writer:
                break
            try:
                self._open()
            except DamagedStoreError:
                if not self._set_aside():
                    return False
            except self._maintenance.trouble as error:
                self._note(error)
                return False
        return self._writer is not None

    def _open(self) -> None:
        adapter = self._open_adapter()
        self._maintenance.opening(adapter, _BUSY_TIMEOUT_S)
        adapter.open()
        adapter.database.connect()
        try:
            self._maintenance.opened(adapter)
            self._take_up(adapter)
            run = self._run if self._maintenance.goes_on else None
            writer = SessionWriter(adapter, self._source_host, run)
            if run is None and (closed := writer.recover()):
                log.warning("%d session left open by a killed run was closed", closed)
        except BaseException as error:
            adapter.database.close()
            if isinstance(error, adapter.errors):
                raise adapter.explain(error) from error
            raise
        self._adapter, self._writer, self._run = adapter, writer, writer.run
        self._maintenance.ready(adapter)
        self._make_room()

    def _take_up(self, adapter: DatabaseAdapter) -> None:
        """Write the changes that an earlier run spooled."""
        taken = spool.take_up(adapter, self._source_host, self._maintenance.unstorable)
        if taken.written:
            log.warning("%d changes left over from an earlier run were written", taken.written)
        if taken.left_out:
            lost = _(
                "{count} changes that were saved when the program last quit cannot be used. "
                "They were moved to {path}"
            )
            lost = lost.format(count=taken.left_out, path=taken.aside)
            log.error("%s", lost)
            self._on_loss(lost)

    def _make_room(self) -> None:
        """Reserve disk space for the spool; if there is none, try again later."""
        try:
            spool.make_room(self._open_adapter().leftover_file)
        except OSError as error:
            log.warning("cannot reserve disk space for unwritten changes: %s", error)

    def _let_go(self, *, clean: bool) -> None:
        if self._adapter:
            self._adapter.database.close()
            if clean:
                self._adapter.close()
        self._adapter = self._writer = None

    def _suffer(self, error: Exception) -> None:
        """Report the problem; replace a damaged file with a new one."""
        self._note(error)
        if self._maintenance.is_damaged(error):
            self._replace_damaged()

    def _replace_damaged(self) -> None:
        self._let_go(clean=False)
        self._set_aside()

    def _set_aside(self) -> bool:
        """Move the damaged file away; return whether that succeeded."""
        try:
            self._maintenance.set_aside(self._open_adapter())
        except OSError as error:
            self._note(error)
            return False
        return True

    def _drop_oldest(self) -> None:
        # Drop only a Put: a Rewind or StepBack may refer to rows that are already in the file.
        puts = (i for i, change in enumerate(self._queue) if isinstance(change, Put))
        del self._queue[next(puts, 0)]
        self._dropped += 1
        if self._dropped == 1:
            self.problem = _(
                "The memory for waiting sessions is full. The oldest ones are being lost."
            )
            log.error("%s", self.problem)

    def _note(self, error: Exception) -> None:
        """Log once why changes stay in memory, and keep the problem for the user."""
        problem = "" if self._dropped else self._maintenance.problem(error)
        if not problem:
            return  # a worse problem was reported, or this one ends by itself
        if problem != self.problem:
            log.error("%s", problem)
        self.problem = problem

    def _recovered(self) -> None:
        self._failures = 0
        if self._dropped:
            log.error("%d changes were lost while the database was unavailable", self._dropped)
            self._dropped = 0
        if self.problem:
            log.warning("the database can be written again")
            self._make_room()
        self.problem = ""
