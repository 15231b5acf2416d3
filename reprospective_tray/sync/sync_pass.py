"""SyncPass: sends a file's waiting sessions and entries in order, in batches, until none wait."""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from reprospective_tray.errors import ServerDataError, ServerRefusedError
from reprospective_tray.messages import _
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.outbox.apply_server_entries import take_server_entries
from reprospective_tray.store.outbox.apply_server_rows import ServerRowsApplier
from reprospective_tray.store.outbox.outbox import (
    Outbox,
    OutboxBatch,
    Reference,
    offer_everything,
)
from reprospective_tray.store.outbox.range_orders import RangeOrders
from reprospective_tray.store.outbox.sent_tables import ENTRIES, SESSIONS
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.sync.answer import BatchAnswer, EntriesAnswer, PairVerdict
from reprospective_tray.sync.pass_result import Passed, PassProgress
from reprospective_tray.sync.uploader import (
    BATCH_SCHEMA,
    FIRST_WITH_ENTRIES,
    Pair,
    SentBatch,
    Uploader,
)

log = logging.getLogger(__name__)

# A pass also sends rows that change meanwhile, but scans the table at most this often.
_MOST_SCANS = 5
_NO_ROWS = OutboxBatch("[]", ())


@dataclass(frozen=True, slots=True)
class _Load:
    """What one batch carries."""

    sessions: OutboxBatch = _NO_ROWS
    entries: OutboxBatch | None = None
    orders: Sequence[dict[str, Any]] = ()


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
        self._sessions = Outbox(adapter, SESSIONS)
        self._entries = Outbox(adapter, ENTRIES)
        self._range_orders = RangeOrders(adapter)
        self._facts = FileMeta(adapter)
        self._takes_entries = self._facts.get(MetaKey.SERVER_SCHEMA, 0) >= FIRST_WITH_ENTRIES
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
        if not self._takes_entries:
            self._passed.waiting_entries = self._entries.waiting()
        self._passed.is_whole = not stop.is_set() or not (self._waiting() or self._orders())
        return self._passed

    def _scan(self, stop: threading.Event, progress: Callable[[PassProgress], None]) -> None:
        self._offer(stop)
        waiting = self._waiting()
        for _scan in range(_MOST_SCANS):
            begun = self._answers
            for load in self._loads(stop):
                self._send(load)
                done = self._passed.sent + self._passed.entries
                progress(PassProgress(done, max(waiting, done)))
            if self._answers == begun and not stop.is_set():
                # Range orders are sent last, after the parts of clipped sessions were stored.
                if orders := self._orders():
                    self._send(_Load(orders=orders))
                # Send at least one batch to check that the server still has this file's state.
                if not self._answers:
                    self._send(_Load())
            if stop.is_set() or self._answers == begun:
                return
            self._offer(stop)

    def _loads(self, stop: threading.Event) -> Iterator[_Load]:
        """Yield the waiting rows in batches; the one before has been answered by then."""
        after = after_entry = 0
        while not stop.is_set():
            sessions = self._sessions.next(after, self._size)
            entries = None
            if self._takes_entries:
                entries = self._entries.next(after_entry, self._size)
            if not (sessions or entries):
                return
            if sessions:
                after = sessions.last_id
            if entries:
                after_entry = entries.last_id
            yield _Load(sessions or _NO_ROWS, entries)

    def _waiting(self) -> int:
        """Return how many rows wait that the server can take."""
        return self._sessions.waiting() + (self._entries.waiting() if self._takes_entries else 0)

    def _orders(self) -> list[dict[str, Any]]:
        return [one for one in self._range_orders.waiting() if one["uid"] not in self._left]

    def _send(self, load: _Load) -> None:
        """Send one batch; if the call fails because of its data, send it in halves."""
        device_id, parcel = self._parcel(load)
        try:
            answer = self._uploader.send(parcel)
        except ServerDataError as error:
            if load.orders:
                self._send_each(load.orders, error)
            else:
                self._halve(load, error)
            return
        self._answers += 1
        self._passed.clock = answer.clock
        self._takes_entries = answer.schema >= FIRST_WITH_ENTRIES
        if answer.verdict is PairVerdict.FORK:
            self._fork()
            return
        if load.entries and answer.entries is None:
            self._takes_entries = False  # another server than before, or it is being upgraded
            load = replace(load, entries=None)
        if answer.verdict is PairVerdict.RESTORED:
            log.warning(
                "the server has an older state of this file, or none (a backup was restored, or "
                "it is another database): everything is sent again"
            )
        self._passed.fitted &= answer.verdict is PairVerdict.FITS
        self._note(load, answer, parcel.pair, device_id)

    def _send_each(self, orders: Sequence[dict[str, Any]], error: ServerDataError) -> None:
        """Send orders one by one, and skip those that the server cannot process."""
        if len(orders) == 1:
            self._left.add(orders[0]["uid"])
            log.warning("the server cannot delete a range, which stays pending: %s", error)
            return
        for order in orders:
            self._send(_Load(orders=[order]))

    def _parcel(self, load: _Load) -> tuple[str, SentBatch]:
        """Return the batch to send, with a pair that is stored before the first attempt."""
        with self._adapter.database.atomic("IMMEDIATE"):
            device_id = self._facts.device_id()
            acknowledged = self._pair(MetaKey.ACKNOWLEDGED)
            pending = self._pair(MetaKey.PENDING)
            if pending is None:
                counter = acknowledged.counter + 1 if acknowledged else 1
                pending = Pair(counter, secrets.token_hex(16))
                self._facts.put(MetaKey.PENDING, pending)
        entries = load.entries.rows if load.entries else None
        return device_id, SentBatch(
            device_id, acknowledged, pending, load.sessions.rows, load.orders, entries
        )

    def _pair(self, fact: MetaKey) -> Pair | None:
        kept = self._facts.get(fact)
        return None if kept is None else msgspec.convert(kept, Pair)

    def _halve(self, load: _Load, error: ServerDataError) -> None:
        if load.entries and load.sessions.references:
            self._send(_Load(load.sessions))
            self._send(_Load(entries=load.entries))
            return
        outbox, batch = self._sessions, load.sessions
        if load.entries:
            outbox, batch = self._entries, load.entries
        references = batch.references
        if not references:
            raise error
        if len(references) == 1:
            with self._adapter.database.atomic("IMMEDIATE"):
                self._set_aside(outbox, references[0], str(error))
            return
        middle = len(references) // 2
        for half in (references[:middle], references[middle:]):
            if part := outbox.part(half):
                self._send(_Load(entries=part) if load.entries else _Load(part))

    def _note(self, load: _Load, answer: BatchAnswer, pair: Pair, device_id: str) -> None:
        """Store the outcome of each row; after an interruption, rows are sent again."""
        with self._sessions.undone_by_a_power_cut():
            self._acknowledge(load, answer, pair)
            # Mark rows only after storing the pair: only the pair reveals that the server was
            # restored from a backup made before this batch.
            self._passed.sent += self._mark(self._sessions, load.sessions, answer, answer.clock)
            if load.entries and answer.entries:
                self._passed.entries += self._mark(
                    self._entries, load.entries, answer.entries, answer.clock
                )
        versions = _versions(load.sessions, answer)
        if versions and ServerRowsApplier(self._adapter, device_id).take(versions, answer.clock):
            self._identity.leave_open_session()
        self._passed.superseded += len(versions)
        if load.entries and answer.entries:
            versions = _versions(load.entries, answer.entries)
            take_server_entries(self._adapter, versions, answer.clock)
            self._passed.superseded += len(versions)

    @staticmethod
    def _mark(
        outbox: Outbox, batch: OutboxBatch, answer: BatchAnswer | EntriesAnswer, clock: int
    ) -> int:
        """Mark the rows that the server has in this version; return how many."""
        others = {one.at for one in answer.refused} | {one.at for one in answer.superseded}
        stored = [ref for at, ref in enumerate(batch.references) if at not in others]
        outbox.mark(stored, clock)
        return len(stored)

    def _acknowledge(self, load: _Load, answer: BatchAnswer, pair: Pair) -> None:
        """Store that the server has accepted the pair, and apply the rest of its answer."""
        with self._adapter.database.atomic("IMMEDIATE"):
            for item in answer.refused:
                self._set_aside(self._sessions, load.sessions.references[item.at], item.reason)
            if load.entries and answer.entries:
                for item in answer.entries.refused:
                    self._set_aside(self._entries, load.entries.references[item.at], item.reason)
            self._range_orders.acknowledge(answer.orders)
            before = self._facts.get(MetaKey.SERVER_SCHEMA, answer.schema)
            # After an upgrade the server may store what it could not store before.
            upgraded = before < min(answer.schema, BATCH_SCHEMA)
            if answer.verdict is PairVerdict.RESTORED or upgraded:
                offer_everything(self._adapter)
            self._facts.put(MetaKey.SERVER_SCHEMA, answer.schema)
            self._facts.put(MetaKey.ACKNOWLEDGED, pair)
            self._facts.put(MetaKey.PENDING, None)

    def _set_aside(self, outbox: Outbox, reference: Reference, reason: str) -> None:
        outbox.set_aside(reference, reason)
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
        for outbox in (self._sessions, self._entries):
            for _count in outbox.offer():
                if stop.is_set():
                    return


def _versions(
    batch: OutboxBatch, answer: BatchAnswer | EntriesAnswer
) -> list[tuple[Reference, Row]]:
    """Return the superseded rows and the server's versions of them."""
    return [
        (batch.references[item.at], msgspec.structs.asdict(item.row)) for item in answer.superseded
    ]
