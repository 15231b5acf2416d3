"""DatabaseAdapter: the interface to one database and its models."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import peewee

from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.tables import Models


class DatabaseAdapter(ABC):
    """One database: its connection rules and its own model classes.

    Each thread has its own connection and must work inside `connection()`.
    """

    database: peewee.Database
    models: Models
    # Exceptions that its use may raise. The driver's own are included, because fetching rows
    # bypasses peewee's error translation.
    errors: tuple[type[Exception], ...]
    # Rows that `stream` holds in memory at a time.
    page = 5000
    # Columns or expressions whose names differ between databases: the row's `id` on the computer
    # that recorded it, and whether the server has it.
    original_id: Any
    synced: Any
    # Whether the daily totals are a view computed from the sessions at each query.
    days_are_a_view = False

    @abstractmethod
    def open(self) -> None:
        """Open the database; create or migrate it if needed.

        Raises:
            StoreError: it cannot be opened.
            DamagedStoreError: it exists but is damaged.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the database and leave it in a state that other readers can use."""

    @property
    @abstractmethod
    def device_id(self) -> str:
        """The UUID under which this computer records into this database."""

    @property
    @abstractmethod
    def place(self) -> str:
        """The database's location, for messages."""

    @property
    def replaced(self) -> bool:
        """Whether another database has replaced the opened one at its location."""
        return False

    @property
    @abstractmethod
    def leftover_file(self) -> Path:
        """The file that holds the changes which could not be written before the program ended."""

    @abstractmethod
    def applied_leftover(self) -> str:
        """Return the token of the leftover file applied last; must be called in `connection()`."""

    @abstractmethod
    def note_leftover(self, token: str) -> None:
        """Store the token of an applied leftover file; call it in the applying transaction."""

    @abstractmethod
    def explain(self, error: Exception) -> StoreError:
        """Return `error` as a StoreError with a message for the user."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Any]:
        """Begin a write transaction: commit on success, roll back on an exception."""

    @abstractmethod
    def unchanging(self) -> AbstractContextManager[Any]:
        """Begin a transaction in which all queries see the same snapshot of the data."""

    @abstractmethod
    def lasting_over(self, moment: int) -> Any:
        """Return the condition for non-deleted sessions that span `moment` (ms UTC).

        Returns None if there are none. The condition can use an index.
        """

    @abstractmethod
    def near(self, days: DayRange) -> Any:
        """Return a condition that matches every non-deleted session that overlaps `days`.

        The condition can use an index. It may also match sessions that begin about a day outside
        the range.
        """

    @abstractmethod
    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a session query in order, in constant memory.

        The last two columns of `query` must be the start in ms and the session's `uid` or `id`.
        `query` must be unordered; the rows are sorted by these two columns.
        """

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Open this thread's connection and close it on exit."""
        with self.database.connection_context():
            yield self.database

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Open this thread's connection for queries.

        Raises:
            StoreError: the data cannot be read.
        """
        try:
            with self.connection():
                yield
        except self.errors as error:
            raise self.explain(error) from error

    def snapshot(self, target: Path, *, overwrite: bool = True) -> int:  # noqa: ARG002  for one file
        """Write a consistent copy of the database to `target`; return its non-deleted sessions.

        Raises:
            FileExistsError: `target` exists and `overwrite` is false.
            StoreError: it cannot be written, or this database is not a single file.
        """
        raise StoreError(
            _("A snapshot to {path} is not possible because {place} is a server.").format(
                path=target, place=self.place
            ),
            _("Copy it with pg_dump, a tool of PostgreSQL."),
        )

    def of_this_computer(self) -> list[Any]:
        """Return the conditions for sessions this computer may change; empty for a local file."""
        return []

    def of_this_person(self, table: Any) -> list[Any]:  # noqa: ARG002  all of its own file
        """Return the conditions for this user's rows in `table`; empty for a local file."""
        return []

    def abort(self) -> None:  # noqa: B027  for databases that answer late
        """Make pending operations fail at once; any thread may call it."""

    def be_patient(self, seconds: float) -> None:  # noqa: B027  for databases that lock as a whole
        """Set how many seconds to wait for other writers; must be called in `connection()`."""

    def scrub(self) -> bool:
        """Remove traces of erased data from the database's files; return whether that succeeded.

        Must be called in `connection()`.
        """
        return True

    def other_files(self) -> list[Path]:
        """Return the files next to the database that also contain its sessions."""
        return []
