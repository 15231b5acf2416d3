"""ImportBatch: applies the privacy rules to each row and writes rows in short transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _
from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.bounds import bounded
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.transfer.importers.overlaps import Overlaps
from reprospective_tray.store.transfer.importers.own_time_first import OwnTimeFirst

_PRIVACY_MEMORY = 10_000


class Phase(StrEnum):
    """The phases of an import, in this order."""

    CHECKING = "checking"
    WRITING = "writing"


Progress = Callable[[Phase, int, int], None]  # phase, bytes done in it, bytes in total
Privacy = Callable[[str, str], tuple[str, str] | None]  # (application, title) → the same or None


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The user's options for an import.

    Attributes:
        person: The server role that owns the sessions; by default the owner of the database.
        strict: Whether a bad event or overlapping lines make the whole file be refused.
        show_all: Whether all bad events and overlaps are listed, instead of the first 20.
    """

    person: str = ""
    strict: bool = False
    show_all: bool = False


@dataclass(frozen=True, slots=True)
class Events:
    """Counts of the events in an ActivityWatch export.

    Attributes:
        read: How many valid window and presence events were read.
        merged: How many were merged with the previous event.
        clipped: How many windows were covered in part by another window or by away time.
        hidden: How many windows were covered completely.
        empty: How many have zero length.
        bad: How many invalid events or whole buckets were skipped.
        bad_places: The first of the bad ones, or all, as lines for the user.
    """

    read: int
    merged: int
    clipped: int
    hidden: int
    empty: int
    bad: int
    bad_places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import.

    Attributes:
        sessions: How many sessions were read.
        stored: How many rows were new or of a newer revision.
        private: How many were dropped by privacy rules.
        forgotten: How many were skipped because they lie in a forgotten range.
        on_server: How many were skipped because retention removed another revision of them here,
            and the server has the newest one.
        overlaps: The times skipped because they are already occupied.
        other_buckets: The type of each bucket that holds no sessions.
        events: Counts of the events, for an ActivityWatch export.
        totals_alone: How many sessions a snapshot contains only as part of its daily totals.
        entries: How many entries were read.
        entries_stored: How many of them were new or of a newer revision, at least in part.
        entries_overlapping: How many of them were cut or left out because of entries that were
            there.
    """

    sessions: int
    stored: int
    private: int
    forgotten: int = 0
    on_server: int = 0
    overlaps: Overlaps = field(default_factory=Overlaps)
    other_buckets: tuple[str, ...] = ()
    events: Events | None = None
    totals_alone: int = 0
    entries: int = 0
    entries_stored: int = 0
    entries_overlapping: int = 0


@contextmanager
def reading(path: Path, adapter: DatabaseAdapter) -> Iterator[BinaryIO]:
    """Open the file at `path`; convert errors of the file and of `adapter` for the user.

    Raises:
        ImportFileError: the file cannot be read.
        StoreError: the database cannot be used.
    """
    try:
        # Opening a pipe would block; for a folder, the system reports the error.
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ImportFileError(
                _("{path} is not a regular file.").format(path=path),
                _("Save the lines to a file first, then import that file."),
            )
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise ImportFileError(
            _("{path} cannot be read: {reason}.").format(path=path, reason=error.strerror),
            _("Check the name and the file's rights."),
        ) from error
    except adapter.errors as error:
        raise adapter.explain(error) from error


class ImportBatch:
    """Collects rows and writes them in batches; must be called in `connection()`."""

    def __init__(
        self,
        adapter: DatabaseAdapter,
        privacy: Privacy,
        giving_way: OwnTimeFirst,
        *,
        batch: int,
    ) -> None:
        """Write `batch` rows at a time into `adapter`, clipped by `giving_way`."""
        self._writer = make_row_writer(adapter)
        self._privacy = lru_cache(_PRIVACY_MEMORY)(privacy)
        self._batch = batch
        self._giving_way = giving_way
        self._rows: list[Row] = []
        self._places: dict[str, str] = {}
        self._sessions = self._stored = self._private = 0

    def add(self, row: Row, place: str = "") -> bool:
        """Add a row from `place` in the file; return whether a batch was written."""
        self._sessions += 1
        if not self._is_allowed(row):
            self._private += 1
            return False
        # Bounded as it will be stored, so that it equals a row that is already stored.
        self._rows.append(bounded(row))
        if place:
            self._places[row["uid"]] = place
        if len(self._rows) < self._batch:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Write the rows collected so far."""
        if self._rows:
            rows = self._giving_way.fit(self._rows, self._places)
            self._stored += self._writer.write(rows)
            self._rows, self._places = [], {}

    def finish(self) -> Imported:
        """Write the remaining rows; return the result."""
        self.flush()
        left_out = self._writer.left_out
        return Imported(
            self._sessions,
            self._stored,
            self._private,
            left_out.forgotten,
            left_out.on_server,
            self._giving_way.overlaps,
        )

    def _is_allowed(self, row: Row) -> bool:
        """Apply the privacy rules to the names of `row`; idle and locked rows have no names."""
        if row["state"] != "active":
            return True
        names = self._privacy(row["application_name"], row["window_title"])
        if names is None:
            return False
        row["application_name"], row["window_title"] = names
        return True
