"""A connection to the central PostgreSQL on which every operation has a deadline."""

from __future__ import annotations

import functools
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from reprospective_tray.errors import ServerError
from reprospective_tray.store.postgres.connection.cancellable_call import CancellableCall
from reprospective_tray.store.postgres.connection.deadline import Deadline, DeadlineError
from reprospective_tray.store.postgres.connection.errors import (
    connect_failure,
    senseless,
    statement_failure,
    too_slow,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from reprospective_tray.store.postgres.connection.address import ServerAddress

CONNECT_DEADLINE_S = 20.0
STATEMENT_DEADLINE_S = 30.0
CLOSE_DEADLINE_S = 2.0
_OWN_NAMES_ALONE = "SET LOCAL search_path = pg_catalog, pg_temp; "


class Connection:
    """One connection in autocommit mode, for one thread at a time; created by `connect`.

    Every operation has a deadline in seconds (by default `deadline_s` of `connect`) and raises a
    `ServerError` on failure. After a missed deadline or a lost connection it is closed.
    """

    def __init__(self, raw: Any, address: ServerAddress, deadline_s: float) -> None:
        """Take over the psycopg2 connection `raw`."""
        self.raw = raw
        """The psycopg2 connection; use it only within `cursor`."""
        self.address = address
        self._deadline_s = deadline_s
        self._deadline = Deadline()

    @contextmanager
    def cursor(self, deadline_s: float | None = None) -> Iterator[Any]:
        """Yield a psycopg2 cursor (for COPY, for example) with one deadline for all its uses.

        Raises:
            ServerError: a subclass that depends on the failure.
        """
        import psycopg2

        seconds = self._deadline_s if deadline_s is None else deadline_s
        try:
            with (
                self._deadline.within(self.raw, seconds),
                self.raw.cursor(cursor_factory=_cursor_class()) as cursor,
            ):
                yield cursor
        except (psycopg2.Error, DeadlineError) as error:
            failure = statement_failure(error, self.address)
            if self.raw.closed:
                self.close()
            raise failure from error

    def execute(
        self, sql: str, args: Sequence[Any] | None = None, deadline_s: float | None = None
    ) -> int:
        """Run a statement; return the number of affected rows.

        Raises:
            ServerError: as for `cursor`.
        """
        with self.cursor(deadline_s) as cursor:
            count: int = self._send(cursor, sql, args).rowcount
        return count

    def rows(
        self, sql: str, args: Sequence[Any] | None = None, deadline_s: float | None = None
    ) -> list[tuple[Any, ...]]:
        """Run a query; return all its rows.

        Raises:
            ServerError: as for `cursor`.
        """
        with self.cursor(deadline_s) as cursor:
            answer = self._send(cursor, sql, args)
            try:
                found: list[tuple[Any, ...]] = answer.fetchall()
            except ValueError as error:  # a value does not have its declared type
                raise senseless(self.address, error) from error
        return found

    def _send(self, cursor: Any, sql: str, args: Sequence[Any] | None) -> Any:
        from reprospective_tray.store.postgres.connection.parameters import execute

        try:
            return execute(cursor, sql, args)
        except ValueError as error:  # raised by psycopg2: a NUL or a lone surrogate in `args`
            raise statement_failure(error, self.address) from error

    @contextmanager
    def transaction(self, deadline_s: float | None = None) -> Iterator[None]:
        """Run the block in one transaction; roll it back on an exception.

        `deadline_s` applies to BEGIN, COMMIT and ROLLBACK each.

        Raises:
            ServerError: as for `cursor`; if the connection is lost during COMMIT, the outcome is
                unknown.
        """
        self.execute("BEGIN", deadline_s=deadline_s)
        try:
            yield
        except BaseException:
            if not self.closed:
                with suppress(ServerError):  # report the first error
                    self.execute("ROLLBACK", deadline_s=deadline_s)
            raise
        with self.cursor(deadline_s) as cursor:
            cursor.execute("COMMIT")
            # PostgreSQL answers ROLLBACK if a statement failed and the caller ignored the error.
            assert cursor.statusmessage != "ROLLBACK", "an error in a transaction was passed over"

    @property
    def closed(self) -> bool:
        """Whether it is known to be closed; a broken one is noticed with the next statement."""
        return bool(self.raw.closed)

    def abort(self) -> None:
        """Make the running operation fail at once and close it; any thread may call this."""
        self._deadline.abort()

    def close(self) -> None:
        """Close it, even if the server is unreachable; idempotent."""
        import psycopg2

        if not self.raw.closed:
            # The closing message may block if the last statement left the socket buffer full.
            with (
                suppress(psycopg2.Error, DeadlineError),
                self._deadline.within(self.raw, CLOSE_DEADLINE_S),
            ):
                self.raw.close()
        self.raw.close()  # a broken connection counts as closed in psycopg2 but keeps its socket
        self._deadline.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@functools.cache
def _cursor_class() -> Any:
    """Return a cursor class whose search path contains only PostgreSQL's own schemas.

    If others may create objects in the database, a function of theirs could otherwise be called
    with this role's rights: one with better matching arguments, or one that the database's
    search_path puts first. The path is set with each statement, because behind a pooler a session
    setting may belong to another client.
    """
    import psycopg2.extensions

    class NamesGuardedCursor(psycopg2.extensions.cursor):
        def execute(self, query: Any, args: Any = None) -> None:
            # A failed transaction accepts only COMMIT and ROLLBACK.
            if not query.startswith(("COMMIT", "ROLLBACK")):
                query = _OWN_NAMES_ALONE + query
            super().execute(query, args)

    return NamesGuardedCursor


def connect(
    address: ServerAddress,
    connect_deadline_s: float = CONNECT_DEADLINE_S,
    deadline_s: float = STATEMENT_DEADLINE_S,
) -> Connection:
    """Connect and log in within `connect_deadline_s` seconds.

    `deadline_s` is the default deadline of each later statement, in seconds.

    Raises:
        ServerUnreachableError: no host answers in time; a retry may succeed.
        ServerRefusedError: user, password, database or certificate is wrong; a person must act.
    """
    import psycopg2

    # Name resolution has no timeout of its own, so it runs in a thread that can be abandoned.
    attempt: CancellableCall[Any] = CancellableCall(
        lambda: log_in(address, connect_deadline_s), lambda late: late.close(), "connect"
    )
    try:
        raw = attempt.result(connect_deadline_s)
    except TimeoutError as error:
        raise too_slow(connect_deadline_s, address) from error
    except (psycopg2.Error, ValueError) as error:
        raise connect_failure(error, address) from error
    return Connection(raw, address, deadline_s)


def log_in(address: ServerAddress, deadline_s: float) -> Any:
    """Return a psycopg2 connection in autocommit; ask the keyring if libpq has no password.

    `connect` runs this with a deadline. `deadline_s` (seconds) is divided between the hosts and
    limits the wait for the keyring.

    Raises:
        psycopg2.Error: the connection failed.
        TimeoutError: the keyring did not answer in time.
    """
    import psycopg2

    from reprospective_tray.store.postgres.connection.password import from_keyring, none_supplied

    ends_at = time.monotonic() + deadline_s
    keywords: dict[str, Any] = {**address.for_libpq(deadline_s)}
    if address.password is not None:
        keywords["password"] = address.password
    try:
        raw = psycopg2.connect(**keywords)
    except psycopg2.OperationalError as error:
        if not none_supplied(error):
            raise
        password = from_keyring(address, ends_at - time.monotonic())
        if password is None:
            raise
        raw = psycopg2.connect(**keywords, password=password)
    raw.autocommit = True
    return raw
