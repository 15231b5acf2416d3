"""DatabaseSyncManager: runs a pass that sends waiting rows and stores the server's answers.

A file lock allows one pass at a time per file. A pass does not block recording: transactions on
the local file are short, and none is open during network calls.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import peewee

from reprospective_tray.config.keys import Sync
from reprospective_tray.errors import ReprospectiveError, StoreError, SyncBusyError
from reprospective_tray.messages import _
from reprospective_tray.store.outbox.outbox import Outbox
from reprospective_tray.store.outbox.sent_tables import ENTRIES, SESSIONS
from reprospective_tray.store.postgres.connection.connection import Connection
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.sync.pass_result import Passed, PassProgress
from reprospective_tray.sync.retention import Retention
from reprospective_tray.sync.sync_pass import Identity, SyncPass
from reprospective_tray.sync.sync_request import SyncRequest, SyncResult
from reprospective_tray.sync.uploader import DEADLINE_S, FIRST_WITH_ENTRIES, Uploader
from reprospective_tray.system.clock import now_ms
from reprospective_tray.system.file_lock import FileLock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verified:
    """How many rows were compared with the server's, and how many will be sent again."""

    compared: int
    offered_again: int


def _ignore(_progress: PassProgress) -> None:
    """Ignore the progress."""


class DatabaseSyncManager:
    """Sends the sessions and entries of one local file to the central database."""

    def __init__(
        self,
        open_adapter: Callable[[], SqliteAdapter],
        connect: Callable[[], Connection],
        settings: Sync,
        identity: Identity,
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Take functions that open the file and connect to the server.

        `deadline_s` limits one call to the server, in seconds. Nothing is opened yet.
        """
        self._open_adapter = open_adapter
        self._settings = settings
        self._identity = identity
        self._uploader = Uploader(connect, deadline_s)

    def carry_out(
        self,
        request: SyncRequest,
        stop: threading.Event,
        progress: Callable[[str, PassProgress], None],
    ) -> SyncResult:
        """Run a pass with the requested options; the last step is as for `run`.

        `progress` is called with the step, ``verify`` or ``send``, and its progress. The result
        has an error if `stop` ended the pass before everything was done.

        Raises:
            the same as `run`.
        """
        retried = self.retry_refused() if request.retry_refused else None
        verified = None
        if request.verify:
            verified = self.verify(stop, lambda now: progress("verify", now))
        is_compared = not (request.verify and stop.is_set())
        passed = self.run(stop, lambda now: progress("send", now))
        is_whole = is_compared and passed.is_whole
        return SyncResult(
            passed.sent,
            passed.entries,
            passed.waiting_entries,
            passed.refused,
            passed.superseded,
            passed.deleted,
            verified.compared if verified else None,
            verified.offered_again if verified else None,
            retried,
            error="" if is_whole else _("The program quit before everything was sent."),
        )

    def run(
        self,
        stop: threading.Event,
        progress: Callable[[PassProgress], None] = _ignore,
    ) -> Passed:
        """Send all waiting rows, then run retention.

        If `stop` is set, it ends after the current batch.

        Raises:
            SyncBusyError: another process is sending this file's sessions.
            ServerUnreachableError: a later retry may succeed; unacknowledged rows keep waiting.
            ServerRefusedError: the user must change something first.
            StoreError: the local file cannot be read or written.
        """
        with self._file() as adapter:
            one = SyncPass(adapter, self._uploader, self._settings.batch_size, self._identity)
            facts = FileMeta(adapter)
            try:
                passed = one.run(stop, progress)
            except ReprospectiveError as error:
                self._keep_error(facts, str(error))
                raise
            if passed.is_whole:
                facts.put(MetaKey.LAST_SUCCESS_AT, now_ms())
                self._keep_error(facts, "")
            days = self._settings.retention_days
            if days is not None and passed.fitted and not stop.is_set():
                passed.deleted = Retention(adapter).run(days, passed.clock, stop)
            return passed

    def verify(
        self,
        stop: threading.Event,
        progress: Callable[[PassProgress], None] = _ignore,
    ) -> Verified:
        """Compare every row that is marked as sent with the server's, by uid and revision.

        Rows that are missing or different there are marked as waiting; call `run` afterwards.

        Raises:
            the same as `run`.
        """
        progressed = Verified(0, 0)
        with self._file() as adapter:
            outboxes = [Outbox(adapter, SESSIONS), Outbox(adapter, ENTRIES)]
            total = sum(outbox.held_count() for outbox in outboxes)
            for outbox in outboxes:
                for compared, offered in self._compared(outbox, stop):
                    progressed = Verified(
                        progressed.compared + compared, progressed.offered_again + offered
                    )
                    progress(PassProgress(progressed.compared, total))
        return progressed

    def _compared(self, outbox: Outbox, stop: threading.Event) -> Iterator[tuple[int, int]]:
        """Compare and offer the rows of one table; yield how many, page by page."""
        after, is_there = 0, True
        while not stop.is_set() and (page := outbox.held(after)):
            if outbox.table is ENTRIES and not after:
                is_there = self._uploader.schema() >= FIRST_WITH_ENTRIES
            uids = [uid for _id, uid, _rev, _deleted in page]
            there = self._uploader.versions(outbox.table, uids) if is_there else {}
            differ = [
                (number, revision)
                for number, uid, revision, deleted in page
                if not _agrees(there.get(uid), revision, deleted)
            ]
            if differ:
                outbox.offer_again(differ)
            after = page[-1][0]
            yield len(page), len(differ)

    def retry_refused(self) -> int:
        """Mark the rows that the server refused as waiting again; return how many.

        Raises:
            SyncBusyError, StoreError: as for `run`.
        """
        with self._file() as adapter:
            return sum(Outbox(adapter, table).offer_refused() for table in (SESSIONS, ENTRIES))

    def abort(self) -> None:
        """Cut the connection of a running pass, which then ends at once."""
        self._uploader.abort()

    def close(self) -> None:
        """Close the connection; no pass may be running."""
        self._uploader.close()

    @contextmanager
    def _file(self) -> Iterator[SqliteAdapter]:
        """Lock the local file for sending and open it."""
        self._uploader.begin()
        adapter = self._open_adapter()
        lock = FileLock(Path(f"{adapter.path}.sync-lock"))
        try:
            is_free = lock.acquire()
        except OSError as error:
            raise StoreError(
                _("{file} cannot be locked: {reason}").format(
                    file=lock.path, reason=error.strerror or error
                ),
                _("Give yourself write access to it."),
            ) from error
        try:
            if not is_free:
                raise SyncBusyError(
                    _("Another process is sending the sessions of {path}.").format(
                        path=adapter.path
                    ),
                    _("Wait until it has ended, then try again."),
                )
            adapter.open()
            with adapter.connection():
                Outbox(adapter).read_any_text()
                yield adapter
        except peewee.PeeweeException as error:
            raise adapter.explain(error) from error
        finally:
            lock.release()

    @staticmethod
    def _keep_error(facts: FileMeta, text: str) -> None:
        try:
            if facts.get(MetaKey.LAST_ERROR, "") != text:
                facts.put(MetaKey.LAST_ERROR, text or None)
        except peewee.PeeweeException as error:
            log.warning("the result of the pass cannot be stored: %s", error)


def _agrees(there: tuple[int, int] | None, revision: int, deleted: int) -> bool:
    """Return whether the server has the same version as this file."""
    if there is None:
        return False
    # A tombstone wins over any revision, so the revisions of two tombstones may differ.
    return there == (revision, deleted) or bool(deleted and there[1])
