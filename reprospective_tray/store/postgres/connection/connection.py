"""A connection to the central PostgreSQL on which nothing waits for ever."""

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
    """One connection in autocommit, for one thread at a time; made by `connect`.

    All that it does ends by a deadline (seconds; `deadline_s` of `connect` where none is given)
    and raises a `ServerError` where it fails. After a deadline or a loss it is closed.
    """

    def __init__(self, raw: Any, address: ServerAddress, deadline_s: float) -> None:
        """Take over the psycopg2 connection `raw`."""
        self.raw = raw
        """The psycopg2 connection: use it within `cursor` alone."""
        self.address = address
        self._deadline_s = deadline_s
        self._deadline = Deadline()

    @contextmanager
    def cursor(self, deadline_s: float | None = None) -> Iterator[Any]:
        """Lend a psycopg2 cursor (for COPY, say) under one deadline for all that is done with it.

        Raises:
            ServerError: one of its kinds, by what went wrong.
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
        """Run a statement; return how many rows it touched.

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
            except ValueError as error:  # what came is not of the type that it says it is
                raise senseless(self.address, error) from error
        return found

    def _send(self, cursor: Any, sql: str, args: Sequence[Any] | None) -> Any:
        from reprospective_tray.store.postgres.connection.parameters import execute

        try:
            return execute(cursor, sql, args)
        except ValueError as error:  # psycopg2's own: a NUL or a lone surrogate in `args`
            raise statement_failure(error, self.address) from error

    @contextmanager
    def transaction(self, deadline_s: float | None = None) -> Iterator[None]:
        """Make one transaction of what is run in it; undone where it raises.

        `deadline_s` is for BEGIN, COMMIT and ROLLBACK each.

        Raises:
            ServerError: as for `cursor`; after a loss during COMMIT nobody knows how it ended.
        """
        self.execute("BEGIN", deadline_s=deadline_s)
        try:
            yield
        except BaseException:
            if not self.closed:
                with suppress(ServerError):  # the first error is the one to tell
                    self.execute("ROLLBACK", deadline_s=deadline_s)
            raise
        with self.cursor(deadline_s) as cursor:
            cursor.execute("COMMIT")
            # PostgreSQL answers so where a statement failed and the caller went on.
            assert cursor.statusmessage != "ROLLBACK", "an error in a transaction was passed over"

    @property
    def closed(self) -> bool:
        """Say whether it is known to be closed; one that was cut shows with the next statement."""
        return bool(self.raw.closed)

    def abort(self) -> None:
        """Let what runs on it fail at once; any thread may call this. It is closed then."""
        self._deadline.abort()

    def close(self) -> None:
        """Close it, also where the server is gone; a second time does nothing."""
        import psycopg2

        if not self.raw.closed:
            # Saying goodbye may wait where the last statement left the socket full.
            with (
                suppress(psycopg2.Error, DeadlineError),
                self._deadline.within(self.raw, CLOSE_DEADLINE_S),
            ):
                self.raw.close()
        self.raw.close()  # one that broke is closed for psycopg2, but keeps its socket
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
    """Return the class of cursors for which only PostgreSQL's own names are known unqualified.

    Where others may create, a function of theirs would else be called with the rights of who asks:
    one that fits better than PostgreSQL's own, or that a setting of the database puts before it.
    It is set with each statement: through a pooler, a setting of the session is somebody else's.
    """
    import psycopg2.extensions

    class Guarded(psycopg2.extensions.cursor):
        def execute(self, query: Any, args: Any = None) -> None:
            # In a transaction that has failed nothing else is taken than its end.
            if not query.startswith(("COMMIT", "ROLLBACK")):
                query = _OWN_NAMES_ALONE + query
            super().execute(query, args)

    return Guarded


def connect(
    address: ServerAddress,
    connect_deadline_s: float = CONNECT_DEADLINE_S,
    deadline_s: float = STATEMENT_DEADLINE_S,
) -> Connection:
    """Connect and log in within `connect_deadline_s`; `deadline_s` is for each statement then.

    Raises:
        ServerUnreachableError: no host answers, or none in time; it is worth another try.
        ServerRefusedError: user, password, database or certificate: a person must act.
    """
    import psycopg2

    # A name server waits as long as it likes: what ends is the waiting for it.
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
    """Return a psycopg2 connection in autocommit, asking the keyring where libpq has no password.

    `connect` is this under a deadline; here `deadline_s` is shared out between hosts, and is how
    long the keyring may take.

    Raises:
        psycopg2.Error: as psycopg2 has it.
        TimeoutError: the keyring has not answered.
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
