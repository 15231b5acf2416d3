"""ImportBatch: asks the privacy rules for each row and writes by uid in short transactions."""

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
    """What an import is doing: first one, then the other."""

    CHECKING = "checking"
    WRITING = "writing"


Progress = Callable[[Phase, int, int], None]  # the phase, bytes done in it, bytes in all
Privacy = Callable[[str, str], tuple[str, str] | None]  # names in, names or nothing out


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a person may say of an import.

    Attributes:
        person: Whose the sessions are on a server, its role; by default whoever the database
            belongs to.
        strict: Whether a bad event, or lines that overlap, refuse the whole file.
        show_all: Whether all bad events and overlaps are named, instead of the first 20.
    """

    person: str = ""
    strict: bool = False
    show_all: bool = False


@dataclass(frozen=True, slots=True)
class Events:
    """What became of the events of an export of ActivityWatch.

    Attributes:
        read: How many good ones there are, of windows and of presence.
        merged: How many went on with the one before them, as one session.
        clipped: How many windows were partly behind another one, or the person away.
        hidden: How many windows were so all the time.
        empty: How many lasted for no ms.
        bad: How many, or whole buckets, were left out because they cannot be.
        bad_places: The first of the bad ones, or all, as lines to read.
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
    """What an import did.

    Attributes:
        sessions: How many sessions were read.
        stored: How many rows of them are new or newer.
        private: How many privacy rules dropped.
        forgotten: How many lie in a range that was forgotten: they stay so.
        on_server: How many the server has in a version that retention took from here.
        overlaps: What was left out because its time is taken already.
        other_buckets: The types of the buckets that hold no sessions, one each.
        events: What became of the events of an export of ActivityWatch.
        totals_alone: How many sessions a snapshot knows by the totals of their days alone.
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


@contextmanager
def reading(path: Path, adapter: DatabaseAdapter) -> Iterator[BinaryIO]:
    """Open the file at `path`, and explain what goes wrong with it or with `adapter`.

    Raises:
        ImportFileError: it cannot be read.
        StoreError: the database cannot be used.
    """
    try:
        # A pipe would be waited for; a folder is said to be one by the system.
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ImportFileError(
                _("{path} is no regular file.").format(path=path),
                _("Save the lines to a file first, then import that."),
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
    """Takes rows one by one and writes them in batches; use it inside `connection()`."""

    def __init__(
        self,
        adapter: DatabaseAdapter,
        privacy: Privacy,
        giving_way: OwnTimeFirst,
        *,
        batch: int,
    ) -> None:
        """Write `batch` rows at a time into `adapter`, as far as `giving_way` lets them."""
        self._writer = make_row_writer(adapter)
        self._privacy = lru_cache(_PRIVACY_MEMORY)(privacy)
        self._batch = batch
        self._giving_way = giving_way
        self._rows: list[Row] = []
        self._places: dict[str, str] = {}
        self._sessions = self._stored = self._private = 0

    def add(self, row: Row, place: str = "") -> bool:
        """Take a row from some place of the file; tell whether a batch was written with it."""
        self._sessions += 1
        if not self._is_allowed(row):
            self._private += 1
            return False
        # As it is going to be held, so that it is known for the same where it is held already.
        self._rows.append(bounded(row))
        if place:
            self._places[row["uid"]] = place
        if len(self._rows) < self._batch:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Write what was taken so far."""
        if self._rows:
            rows = self._giving_way.fit(self._rows, self._places)
            self._stored += self._writer.write(rows)
            self._rows, self._places = [], {}

    def finish(self) -> Imported:
        """Write the rest; return what was done."""
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
        """Apply the rules to the names of `row`; idle and locked rows have none."""
        if row["state"] != "active":
            return True
        names = self._privacy(row["application_name"], row["window_title"])
        if names is None:
            return False
        row["application_name"], row["window_title"] = names
        return True
