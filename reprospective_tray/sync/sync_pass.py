"""SyncPass: sends a file's waiting rows in order, in batches, until none wait."""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from reprospective_tray.errors import ServerDataError, ServerRefusedError
from reprospective_tray.messages import _
from reprospective_tray.store.outbox.apply_server_rows import ServerRowsApplier
from reprospective_tray.store.outbox.outbox import Outbox, OutboxBatch
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.sync.answer import BatchAnswer, PairVerdict
from reprospective_tray.sync.uploader import (
    BATCH_SCHEMA,
    Pair,
    SentBatch,
    Uploader,
)

log = logging.getLogger(__name__)

# A pass also sends rows that change meanwhile, but scans the table at most this often.
_MOST_SCANS = 5
_NO_ROWS = OutboxBatch("[]", ())


@dataclass(frozen=True, slots=True)
class PassProgress:
    """The progress of a pass: rows done, and the total number of rows."""

    done: int
    total: int


@dataclass(slots=True)
class Passed:
    """The result of a pass.

    Attributes:
        sent: Rows that were stored on the server, or were there already.
        refused: Rows that the server refused.
        superseded: Rows with a later version on the server, which is stored here now.
        clock: The server's time in ms since the epoch, UTC.
        deleted: Rows that retention removed here.
        fitted: Whether the verdict of every answer was `PairVerdict.FITS`.
        is_whole: False if the pass was told to stop before everything was sent.
    """

    sent: int = 0
    refused: int = 0
    superseded: int = 0
    clock: int = 0
    deleted: int = 0
    fitted: bool = True
    is_whole: bool = True


class Identity(Protocol):
    """Changes the file's device id; in the recording thread while the program is recording."""

    def become_another_device(self) -> None:
        """Give the file and its open session a new identity, see `store.outbox.device_change`."""

    def leave_open_session(self) -> None:
        """End the open session, which was deleted on the server, and continue in a new one."""


class SyncPass:
    """One pass over one file; must be used in the adapter's `connection()`."""

    def __init__(
        self, adapter: SqliteAdapter, uploader: Uploader, batch_size: int, identity: Identity
    ) -> None:
        """Send from `adapter`, up to `batch_size` rows at once."""
        self._adapter = adapter
        self._uploader = uploader
        self._size = batch_size
        self._identity = identity
        self._outbox = Outbox(adapter)
        self._facts = FileMeta(adapter)
        self._answers = 0
        self._forked = False
        self._left: set[str] = set()  # orders that the server cannot process
        self._reason = ""  # the reason for the first refused row
        self._passed = Passed()

    def run(self, stop: threading.Event, progress: Callable[[PassProgress], None]) -> Passed:
        """Send until no rows wait, or `stop` is set between two batches; return the result.

        Raises:
            ServerUnreachableError, ServerRefusedError: the server did not accept a batch.
            peewee.PeeweeException: the file cannot be read or written.
        """
        try:
            self._scan(stop, progress)
        finally:
            if self._reason:
                log.warning(
                    "the server refuses %d sessions, which are set aside (the first: %s)",
                    self._passed.refused,
                    self._reason,
                )
        self._passed.is_whole = not stop.is_set() or not (self._outbox.waiting() or self._orders())
        return self._passed

    def _scan(self, stop: threading.Event, progress: Callable[[PassProgress], None]) -> None:
        self._offer(stop)
        waiting = self._outbox.waiting()
        for _scan in range(_MOST_SCANS):
            begun = self._answers
            after = 0
            while not stop.is_set() and (batch := self._outbox.next(after, self._size)):
                self._send(batch)
                after = batch.last_id
                progress(PassProgress(self._passed.sent, max(waiting, self._passed.sent)))
            if self._answers == begun and not stop.is_set():
                # Range orders are sent last, after the parts of clipped sessions were stored.
                if orders := self._orders():
                    self._send(_NO_ROWS, orders)
                # Send at least one batch to check that the server still has this file's state.
                if not self._answers:
                    self._send(_NO_ROWS)
            if stop.is_set() or self._answers == begun:
                return
            self._offer(stop)

    def _orders(self) -> list[dict[str, Any]]:
        return [one for one in self._outbox.orders() if one["uid"] not in self._left]

    def _send(self, batch: OutboxBatch, orders: list[dict[str, Any]] | None = None) -> None:
        """Send one batch; if the call fails because of its data, send it in halves."""
        orders = orders or []
        device_id, parcel = self._parcel(batch, orders)
        try:
            answer = self._uploader.send(parcel)
        except ServerDataError as error:
            if orders:
                self._send_each(orders, error)
            else:
                self._halve(batch, error)
            return
        self._answers += 1
        self._passed.clock = answer.clock
        if answer.verdict is PairVerdict.FORK:
            self._fork()
            return
        if answer.verdict is PairVerdict.RESTORED:
            log.warning(
                "the server has an older state of this file, or none (a backup was restored, or "
                "it is another database): everything is sent again"
            )
        self._passed.fitted &= answer.verdict is PairVerdict.FITS
        self._note(batch, answer, parcel.pair, device_id)

    def _send_each(self, orders: list[dict[str, Any]], error: ServerDataError) -> None:
        """Send orders one by one, and skip those that the server cannot process."""
        if len(orders) == 1:
            self._left.add(orders[0]["uid"])
            log.warning("the server cannot delete a range, which stays pending: %s", error)
            return
        for order in orders:
            self._send(_NO_ROWS, [order])

    def _parcel(self, batch: OutboxBatch, orders: list[dict[str, Any]]) -> tuple[str, SentBatch]:
        """Return the batch to send, with a pair that is stored before the first attempt."""
        with self._adapter.database.atomic("IMMEDIATE"):
            device_id = self._facts.device_id()
            acknowledged = self._pair(MetaKey.ACKNOWLEDGED)
            pending = self._pair(MetaKey.PENDING)
            if pending is None:
                counter = acknowledged.counter + 1 if acknowledged else 1
                pending = Pair(counter, secrets.token_hex(16))
                self._facts.put(MetaKey.PENDING, pending)
        return device_id, SentBatch(device_id, acknowledged, pending, batch.rows, orders)

    def _pair(self, fact: MetaKey) -> Pair | None:
        kept = self._facts.get(fact)
        return None if kept is None else msgspec.convert(kept, Pair)

    def _halve(self, batch: OutboxBatch, error: ServerDataError) -> None:
        references = batch.references
        if not references:
            raise error
        if len(references) == 1:
            with self._adapter.database.atomic("IMMEDIATE"):
                self._set_aside(batch, 0, str(error))
            return
        middle = len(references) // 2
        for half in (references[:middle], references[middle:]):
            if part := self._outbox.part(half):
                self._send(part)

    def _note(self, batch: OutboxBatch, answer: BatchAnswer, pair: Pair, device_id: str) -> None:
        """Store the outcome of each row; after an interruption, rows are sent again."""
        with self._outbox.undone_by_a_power_cut():
            self._acknowledge(batch, answer, pair)
            # Mark rows only after storing the pair: only the pair reveals that the server was
            # restored from a backup made before this batch.
            references = batch.references
            others = {one.at for one in answer.refused} | {one.at for one in answer.superseded}
            stored = [ref for at, ref in enumerate(references) if at not in others]
            self._outbox.mark(stored, answer.clock)
        versions = [
            (references[item.at], msgspec.structs.asdict(item.row)) for item in answer.superseded
        ]
        if versions and ServerRowsApplier(self._adapter, device_id).take(versions, answer.clock):
            self._identity.leave_open_session()
        self._passed.sent += len(stored)
        self._passed.superseded += len(versions)

    def _acknowledge(self, batch: OutboxBatch, answer: BatchAnswer, pair: Pair) -> None:
        """Store that the server has accepted the pair, and apply the rest of its answer."""
        with self._adapter.database.atomic("IMMEDIATE"):
            for item in answer.refused:
                self._set_aside(batch, item.at, item.reason)
            self._outbox.acknowledge(answer.orders)
            before = self._facts.get(MetaKey.SERVER_SCHEMA, answer.schema)
            # After an upgrade the server may store what it could not store before.
            upgraded = before < min(answer.schema, BATCH_SCHEMA)
            if answer.verdict is PairVerdict.RESTORED or upgraded:
                self._outbox.offer_all()
            self._facts.put(MetaKey.SERVER_SCHEMA, answer.schema)
            self._facts.put(MetaKey.ACKNOWLEDGED, pair)
            self._facts.put(MetaKey.PENDING, None)

    def _set_aside(self, batch: OutboxBatch, at: int, reason: str) -> None:
        self._outbox.set_aside(batch.references[at], reason)
        self._passed.refused += 1
        self._reason = self._reason or reason

    def _fork(self) -> None:
        """Give this file a new device id, because it is a copy or was restored from a backup."""
        if self._forked:
            raise ServerRefusedError(
                _("The server says that it knows a device that was only just created."),
                _("Check that database.remote names your server."),
            )
        self._forked, self._passed.fitted = True, False
        log.warning("this file is a copy or an older version of another: it gets a new device id")
        self._identity.become_another_device()

    def _offer(self, stop: threading.Event) -> None:
        """Mark the rows to be sent again as waiting, in small steps."""
        for _count in self._outbox.offer():
            if stop.is_set():
                return
