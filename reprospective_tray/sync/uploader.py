"""Uploader: sends each batch in one statement, `reprospective.ingest(json)`, one round trip."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from reprospective_tray.errors import ServerDataError, ServerError, ServerUnreachableError
from reprospective_tray.messages import _
from reprospective_tray.store.outbox.sent_tables import SentTable
from reprospective_tray.store.postgres.connection.cancellable_call import CancellableCall
from reprospective_tray.store.postgres.connection.connection import Connection
from reprospective_tray.store.postgres.connection.errors import ended_from_here, senseless
from reprospective_tray.sync import answer

# The version of the batch format; the server returns its own in each answer.
BATCH_SCHEMA = 1
# The first schema of the server that stores entries.
FIRST_WITH_ENTRIES = 4
# Longer than any temporary lock; a server that is silent for longer counts as lost.
DEADLINE_S = 60.0
_CALL = "SELECT reprospective.ingest(%s::pg_catalog.json)::pg_catalog.text"


class Pair(msgspec.Struct, frozen=True):
    """Identifies one batch of one device; the server stores the last one."""

    counter: int
    token: str


@dataclass(frozen=True, slots=True)
class SentBatch:
    """The content of one call: sessions and entries as JSON arrays, and the sending device.

    Without entries, `entries` is None: servers before `FIRST_WITH_ENTRIES` ignore them.
    """

    device_id: str
    acknowledged: Pair | None
    pair: Pair
    rows: str
    orders: Sequence[dict[str, Any]] = ()
    entries: str | None = None


class Uploader:
    """Sends batches over a persistent connection; for one thread at a time."""

    def __init__(self, connect: Callable[[], Connection], deadline_s: float = DEADLINE_S) -> None:
        """Take a connect function and the deadline of one call in seconds; connects lazily."""
        self._connect = connect
        self._deadline_s = deadline_s
        self._connection: Connection | None = None
        self._attempt: CancellableCall[Connection] | None = None
        self._is_aborted = False

    def begin(self) -> None:
        """Prepare for a pass, also after an aborted one."""
        self._is_aborted = False

    def send(self, parcel: SentBatch) -> answer.BatchAnswer:
        """Send one batch and return the answer.

        Raises:
            ServerUnreachableError: it is unknown whether it arrived; send it again unchanged.
            ServerRefusedError: the user must change something first, or the answer does not match
                the batch.
            ServerDataError: the call failed because of its data; nothing was stored.
        """
        rows = _checked(parcel.rows)
        fields = {
            "schema": BATCH_SCHEMA,
            "device_id": parcel.device_id,
            "acknowledged": parcel.acknowledged,
            "pair": parcel.pair,
            "rows": msgspec.Raw(rows),
            "orders": parcel.orders,
        }
        if parcel.entries is not None:
            fields["entries"] = msgspec.Raw(_checked(parcel.entries))
        call = msgspec.json.encode(fields).decode()
        answered = self._rows(_CALL, (call,))
        with self._sensible():
            orders = [order["uid"] for order in parcel.orders]
            return answer.read(answered, parcel.rows, parcel.entries, orders)

    def schema(self) -> int:
        """Return the version of the server's schema."""
        with self._sensible():
            rows = self._rows("SELECT max(version) FROM reprospective.schema_version", ())
            return answer.read_schema(rows)

    def versions(self, table: SentTable, uids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return revision and deleted flag (0 or 1) by uid, for the `uids` that the server has."""
        rows = self._rows(
            f"SELECT uid::text, revision, deleted FROM reprospective.{table.name}"  # noqa: S608  a constant
            " WHERE owner = current_user AND uid = ANY (%s::uuid[])",
            (list(uids),),
        )
        with self._sensible():
            return answer.read_versions(rows, uids)

    @contextmanager
    def _sensible(self) -> Iterator[None]:
        try:
            yield
        except answer.AnswerError as error:
            assert self._connection is not None  # it has just answered
            address = self._connection.address
            self.close()
            raise senseless(address, error) from error

    def abort(self) -> None:
        """Cut the connection, also while connecting; may be called from any thread."""
        self._is_aborted = True
        attempt = self._attempt
        if attempt is not None:
            attempt.give_up()
        connection = self._connection
        if connection is not None:
            connection.abort()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        kept = self._connection is not None
        try:
            return self._ask(sql, values)
        except ServerDataError:
            raise
        except ServerError as error:
            # After any error, reconnecting checks the schema again and recreates a dropped one.
            self.close()
            if not (kept and isinstance(error, ServerUnreachableError)) or self._is_aborted:
                raise
        # The old connection may have been lost long ago unnoticed, so retry with a new one.
        try:
            return self._ask(sql, values)
        except ServerDataError:
            raise
        except ServerError:
            self.close()
            raise

    def _ask(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._reach()
        assert self._connection is not None
        return self._connection.rows(sql, values, self._deadline_s)

    def _reach(self) -> None:
        """Connect; fails at once if `abort` is called, even if the server does not respond."""
        attempt = self._attempt = CancellableCall(self._connect, lambda late: late.close(), "reach")
        try:
            # `abort` may have been called before it could see the attempt.
            if self._is_aborted:
                attempt.give_up()
            self._connection = attempt.result()
        except TimeoutError:
            raise ended_from_here() from None
        finally:
            self._attempt = None
        if self._is_aborted:  # `abort` was called before it could see the connection
            raise ended_from_here()


def _checked(rows: str) -> bytes:
    """Refuse invalid JSON here, because the server would quote its beginning in its log."""
    try:
        encoded = rows.encode()
        msgspec.json.decode(encoded, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ServerDataError(
            _("These sessions cannot be sent because they cannot be written as JSON.")
        ) from error
    return encoded
