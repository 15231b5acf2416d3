"""PostgresqlAdapter: reads from and records into the central PostgreSQL."""

from __future__ import annotations

import threading
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import msgspec
import peewee

from reprospective_tray.config.source import without_secrets
from reprospective_tray.errors import ServerError, StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.day_split import day_name
from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS
from reprospective_tray.store.model.sessions import DAY_MS
from reprospective_tray.store.model.tables import make_server_models
from reprospective_tray.store.postgres.connection.cancellable_call import CancellableCall
from reprospective_tray.store.postgres.connection.connection import STATEMENT_DEADLINE_S, connect
from reprospective_tray.store.postgres.connection.errors import ended_from_here
from reprospective_tray.store.postgres.device_file import kept_device_id
from reprospective_tray.store.postgres.peewee_database import PeeweeConnection, PeeweeDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reprospective_tray.store.model.ranges import DayRange
    from reprospective_tray.store.postgres.connection.address import ServerAddress
    from reprospective_tray.store.postgres.connection.connection import Connection

# Includes slow name resolution; kept short because a user may be waiting for a report.
CONNECT_DEADLINE_S = 10.0
# Rows recorded directly are not settled by `ingest()`, so the recorder does it itself.
_SETTLE = """
SELECT reprospective.settle(current_user, (clock_timestamp() AT TIME ZONE 'UTC')::date - 2)
"""
# Appended to BEGIN, in the same round trip. With this much memory a year is aggregated without
# sorting on disk, which PostgreSQL's default would do.
_UNCHANGING = "REPEATABLE READ; SET LOCAL work_mem = '64MB'"
_cursors = count(1)


class PostgresqlAdapter(DatabaseAdapter):
    """The server's tables: rows of all users this role may read; it writes as its own role.

    Connecting and each statement have a client-side deadline. Works through pgbouncer in
    transaction pooling mode.
    """

    errors = (peewee.PeeweeException, ServerError)
    days_are_a_view = True

    def __init__(
        self,
        address: ServerAddress,
        data: Path,
        *,
        read_only: bool = False,
        connect_deadline_s: float = CONNECT_DEADLINE_S,
        deadline_s: float = STATEMENT_DEADLINE_S,
    ) -> None:
        """Take the server's address and the program's own folder `data` on this computer.

        Connecting may take `connect_deadline_s` seconds, and each statement `deadline_s`. With
        `read_only` the schema must already exist.
        """
        self.address = address
        self.read_only = read_only
        self.deadline_s = deadline_s
        self._connect_deadline_s = connect_deadline_s
        self._data = data
        self._device_id = ""
        self._abort: set[Callable[[], None]] = set()
        self._aborting = threading.Lock()
        self.database = PeeweeDatabase(self._reach)
        self.models = make_server_models(self.database)
        self.original_id, self.synced = self.models.Session.original_id, peewee.SQL("1")

    @property
    def device_id(self) -> str:
        """The UUID of this computer for sessions it records directly to a server."""
        if not self._device_id:
            self._device_id = kept_device_id(self._data)
        return self._device_id

    @property
    def place(self) -> str:
        """Host, port and database, without user and password."""
        places = ",".join(f"{host}:{port}" for host, port in self.address.places())
        known = self.address.resolved()
        name = known.get("dbname") or known.get("user") or ""
        return without_secrets(f"postgresql://{places}/{name}")

    @property
    def leftover_file(self) -> Path:
        """See `DatabaseAdapter.leftover_file`."""
        return self._data / "postgresql.leftover"

    def applied_leftover(self) -> str:
        """See `DatabaseAdapter.applied_leftover`; it is the token of this device's pair."""
        known = self._pair()
        return str(known[1]) if known else ""

    def note_leftover(self, token: str) -> None:
        """See `DatabaseAdapter.note_leftover`; sends a batch without rows."""
        known = self._pair()
        batch = {
            "schema": 1,
            "device_id": self.device_id,
            "acknowledged": {"counter": known[0], "token": known[1]} if known else None,
            "pair": {"counter": known[0] + 1 if known else 1, "token": token},
            "rows": [],
            "orders": [],
        }
        encoded = msgspec.json.encode(batch).decode()
        self._execute("SELECT reprospective.ingest(%s::pg_catalog.json)", encoded)

    def _pair(self) -> tuple[int, str] | None:
        query = (
            "SELECT counter, token FROM reprospective.devices"
            " WHERE owner = current_user AND device_id = %s"
        )
        found: tuple[int, str] | None = self._execute(query, self.device_id).fetchone()
        return found

    def _execute(self, query: str, *values: str) -> Any:
        return self.database.execute_sql(query, values)

    def open(self) -> None:
        """Create the schema in an empty database, if the role may; see `DatabaseAdapter.open`.

        Does nothing if read-only; the first query then reports any problem.
        """
        if self.read_only:
            return
        from reprospective_tray.store.postgres.schema.upgrade import FIRST_THAT_SETTLES, ensure

        try:
            with closing(self._reach()) as reached:
                if ensure(reached.connection) >= FIRST_THAT_SETTLES:
                    reached.connection.execute(_SETTLE)
            self._device_id = kept_device_id(self._data)
        except ServerError as error:
            raise self.explain(error) from error
        except OSError as error:
            raise StoreError(
                _("The folder {folder} cannot be used: {reason}").format(
                    folder=self._data, reason=error.strerror or error
                ),
                _("Give yourself write access to it, or move away what has its name."),
            ) from error

    def close(self) -> None:
        """Do nothing: a server needs no cleanup by its clients."""

    def abort(self) -> None:
        """Make all pending operations on this adapter's connections fail at once.

        This includes connections being established. Any thread may call it.
        """
        with self._aborting:
            for abort in self._abort:
                abort()

    def explain(self, error: Exception) -> StoreError:
        """See `DatabaseAdapter.explain`."""
        if isinstance(error, ServerError):
            return StoreError(str(error), error.remedy)
        return StoreError(
            _("The database {place} cannot be used: {reason}.").format(
                place=self.place, reason=error
            )
        )

    def writing(self) -> AbstractContextManager[Any]:
        """See `DatabaseAdapter.writing`."""
        return cast("AbstractContextManager[Any]", self.database.atomic())

    def unchanging(self) -> AbstractContextManager[Any]:
        """See `DatabaseAdapter.unchanging`."""
        return cast("AbstractContextManager[Any]", self.database.atomic(_UNCHANGING))

    def lasting_over(self, moment: int) -> Any:
        """See `DatabaseAdapter.lasting_over`; finds short sessions by start, others by day."""
        session = self.models.Session
        short = session.started_at >= moment - DAY_MS
        # The earliest local day of `moment` in any time zone.
        long = self._over_midnight() & (session.last_day >= day_name(moment - LARGEST_OFFSET_MS))
        return (short | long) & (session.started_at < moment) & (session.ended_at > moment)

    def near(self, days: DayRange) -> Any:
        """See `DatabaseAdapter.near`; matches exactly, because the local days are indexed."""
        session = self.models.Session
        first, last = days.first.isoformat(), days.last.isoformat()
        begun = session.first_day.between(first, last)
        over = self._over_midnight() & (session.last_day >= first) & (session.first_day < first)
        return begun | over

    def _over_midnight(self) -> Any:
        """Return the condition for sessions on several days, in the form their index needs.

        Schema 2 and later index the first term, schema 1 the second; the two are equivalent.
        """
        session = self.models.Session
        return (session.midnights > 0) & (session.last_day > session.first_day)

    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """See `DatabaseAdapter.stream`; reads from a server-side cursor."""
        session = self.models.Session
        text, parameters = query.order_by(session.started_at, session.uid).sql()
        execute: Any = self.database.execute_sql
        cursor = f"sessions_{next(_cursors)}"  # several may be open in one transaction
        with self.database.atomic():
            execute(f"DECLARE {cursor} NO SCROLL CURSOR FOR {text}", parameters)
            while rows := execute(f"FETCH {self.page} FROM {cursor}").fetchall():
                yield from rows
            execute(f"CLOSE {cursor}")

    def of_this_computer(self) -> list[Any]:
        """Return the conditions for sessions that this computer recorded for this role."""
        session = self.models.Session
        return [*self.of_this_person(session), session.device_id == self.device_id]

    def of_this_person(self, table: Any) -> list[Any]:
        """Return the condition for rows sent by this role.

        A role that may read others' sessions must not treat them as its own.
        """
        return [table.owner == peewee.SQL("current_user")]

    def _reach(self) -> PeeweeConnection:
        """Connect; fail if `abort` is called meanwhile."""
        attempt = CancellableCall(self._connected, lambda late: late.close(), "reach")
        with self._aborting:
            self._abort.add(attempt.give_up)
        try:
            connection = attempt.result()
        except TimeoutError:
            raise ended_from_here() from None
        finally:
            with self._aborting:
                self._abort.discard(attempt.give_up)
        with self._aborting:
            self._abort.add(connection.abort)
        return PeeweeConnection(connection, self.deadline_s, self._let_go)

    def _connected(self) -> Connection:
        """Connect, and refuse a schema whose owner is not trusted."""
        from reprospective_tray.store.postgres.schema.owner import require_trusted

        connection = connect(self.address, self._connect_deadline_s, self.deadline_s)
        try:
            require_trusted(connection, self._data)
        except BaseException:
            connection.close()
            raise
        return connection

    def _let_go(self, connection: Connection) -> None:
        """Close a connection of this adapter."""
        with self._aborting:
            self._abort.discard(connection.abort)
        connection.close()
