"""PeeweeDatabase: Peewee on this program's connections, with a deadline for each statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import peewee

from reprospective_tray.store.postgres.connection.errors import statement_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprospective_tray.store.postgres.connection.connection import Connection

_UUID = 2950  # PostgreSQL's type OID


class PeeweeDatabase(peewee.PostgresqlDatabase):
    """Peewee's PostgreSQL database on this module's connections instead of its own driver."""

    def __init__(self, make: Callable[[], PeeweeConnection]) -> None:
        """Take a function that opens a connection for the current thread."""
        self._make = make
        super().__init__("server", autoconnect=False)

    def _connect(self) -> PeeweeConnection:
        return self._make()

    def _set_server_version(self, conn: PeeweeConnection) -> None:
        self.server_version = conn.server_version

    def is_connection_usable(self) -> bool:
        """Return whether this thread's connection is open."""
        database: Any = self  # missing in the stubs
        return not self.is_closed() and not database.connection().closed

    def rollback(self) -> None:
        """Roll the transaction back; if the connection was lost, the server has done so."""
        if self.is_connection_usable():
            super().rollback()


class PeeweeConnection:
    """The part of the DB-API connection interface that Peewee uses."""

    def __init__(
        self,
        connection: Connection,
        deadline_s: float,
        let_go: Callable[[Connection], None],
    ) -> None:
        """Take a connection, the deadline of each statement in seconds, and what closes it."""
        import psycopg2.extensions

        self._deadline_s, self._let_go = deadline_s, let_go
        self.connection = connection
        self.server_version = connection.raw.server_version
        # Registered on this connection only: other code may want UUIDs in another type.
        as_text = psycopg2.extensions.new_type((_UUID,), "UUID_AS_TEXT", lambda value, _: value)
        psycopg2.extensions.register_type(as_text, connection.raw)

    @property
    def closed(self) -> bool:
        """Whether the connection is closed."""
        return self.connection.closed

    def cursor(self) -> PeeweeCursor:
        """Return a new cursor."""
        return PeeweeCursor(self.connection, self._deadline_s)

    def close(self) -> None:
        """Close the connection."""
        self._let_go(self.connection)


class PeeweeCursor:
    """The part of the DB-API cursor interface that Peewee uses; fetches all rows at once."""

    def __init__(self, connection: Connection, deadline_s: float) -> None:
        """Take a connection, and the deadline of each statement in seconds."""
        self._connection = connection
        self._deadline_s = deadline_s
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: Any = None
        self.rowcount = -1

    def execute(self, text: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement.

        Raises:
            ServerError: it failed.
        """
        from reprospective_tray.store.postgres.connection.parameters import execute

        with self._connection.cursor(self._deadline_s) as cursor:
            try:
                answer = execute(cursor, text, parameters)
            except ValueError as error:  # raised by psycopg2 for NUL or a lone surrogate
                raise statement_failure(error, self._connection.address) from error
            self.description, self.rowcount = answer.description, answer.rowcount
            self._rows = iter(answer.fetchall() if answer.description else ())

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, None after the last one."""
        return next(self._rows, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the remaining rows."""
        return list(self._rows)

    def close(self) -> None:
        """Drop the remaining rows."""
        self._rows = iter(())
