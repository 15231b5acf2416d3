"""DatabaseAdapter: one database with its own models, whichever kind it is."""

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
    """One database: its connection rules and the model classes that live in it.

    Connections belong to threads: each thread works inside `connection()`.
    """

    database: peewee.Database
    models: Models
    # What using it may raise; the driver fetches rows by itself, past peewee.
    errors: tuple[type[Exception], ...]
    # How many rows a stream holds at a time.
    page = 5000
    # Columns that mean the same under another name: a row's `id` on the computer that recorded
    # it, and whether the server has it.
    original_id: Any
    synced: Any
    # Whether the days are added up from the sessions whenever they are asked for.
    days_are_a_view = False

    @abstractmethod
    def open(self) -> None:
        """Make the database ready: create or migrate it as needed.

        Raises:
            StoreError: it cannot be opened.
            DamagedStoreError: it is there, but damaged.
        """

    @abstractmethod
    def close(self) -> None:
        """Leave the database as other readers need it."""

    @property
    @abstractmethod
    def device_id(self) -> str:
        """The UUID under which this computer records into this database."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where the database is, for people to read."""

    @property
    def replaced(self) -> bool:
        """Whether what it opened is no longer what is at its place."""
        return False

    @property
    @abstractmethod
    def leftover_file(self) -> Path:
        """Where lies what could not be written before the end."""

    @abstractmethod
    def applied_leftover(self) -> str:
        """Return the token of what was last applied of such a file; inside `connection()`."""

    @abstractmethod
    def note_leftover(self, token: str) -> None:
        """Note what is applied, in the transaction that applies it."""

    @abstractmethod
    def explain(self, error: Exception) -> StoreError:
        """Return `error` as one that a person understands."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Any]:
        """Begin a transaction that writes; all of it is kept, or none."""

    @abstractmethod
    def unchanging(self) -> AbstractContextManager[Any]:
        """Begin a transaction whose questions all see the same moment."""

    @abstractmethod
    def lasting_over(self, moment: int) -> Any:
        """Return the condition for living sessions that last over `moment`; None: there are none.

        It is asked by index.
        """

    @abstractmethod
    def near(self, days: DayRange) -> Any:
        """Return a condition that holds for all living sessions that lie at least partly on `days`.

        It is asked by index, and may hold for others that began a day or so away.
        """

    @abstractmethod
    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query of sessions in order, in constant memory.

        Its last two columns are the start in ms and the session's `uid` or `id`,
        and it has no order as yet: it is that of these two.
        """

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Open this thread's connection, and close it at the end."""
        with self.database.connection_context():
            yield self.database

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Open this thread's connection for questions.

        Raises:
            StoreError: what was asked for cannot be read.
        """
        try:
            with self.connection():
                yield
        except self.errors as error:
            raise self.explain(error) from error

    def snapshot(self, target: Path, *, overwrite: bool = True) -> int:  # noqa: ARG002  for one file
        """Write a consistent copy of the whole database to `target`; return its living sessions.

        Raises:
            FileExistsError: something is there, and `overwrite` is not given.
            StoreError: it cannot be written, or this is no database of one file.
        """
        raise StoreError(
            _("A snapshot to {path} is not possible: {place} is a server.").format(
                path=target, place=self.place
            ),
            _("Copy it with pg_dump, a tool of PostgreSQL."),
        )

    def of_this_computer(self) -> list[Any]:
        """Return the conditions for sessions that this computer may change: all of its own file."""
        return []

    def of_this_person(self, table: Any) -> list[Any]:  # noqa: ARG002  all of its own file
        """Return the conditions for what this person recorded, of sessions or of days."""
        return []

    def be_patient(self, seconds: float) -> None:  # noqa: B027  for databases that lock as a whole
        """Wait for other writers so long from now on; inside `connection()`."""

    def scrub(self) -> bool:
        """Let nothing that was erased stay in the database's files; inside `connection()`.

        Returns whether that was possible.
        """
        return True

    def other_files(self) -> list[Path]:
        """Return the files beside the database that hold sessions of it, too."""
        return []
