"""What every import does: open the file, ask the privacy rules, write by uid in short batches."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _
from reprospective_tray.store.adapter import DatabaseAdapter

Row = dict[str, Any]

_PRIVACY_MEMORY = 10_000


class Phase(StrEnum):
    """What an import is doing: first one, then the other."""

    CHECKING = "checking"
    WRITING = "writing"


Progress = Callable[[Phase, int, int], None]  # the phase, bytes done in it, bytes in all
Privacy = Callable[[str, str], tuple[str, str] | None]  # names in, names or nothing out


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        sessions: How many sessions were read.
        stored: How many rows of them are new or newer.
        private: How many privacy rules dropped.
        forgotten: How many lie in a range that was forgotten: they stay so.
        on_server: How many the server has in a version that retention took from here.
        other_buckets: The types of the buckets that hold no sessions, one each.
        totals_alone: How many sessions a snapshot knows by the totals of their days alone.
    """

    sessions: int
    stored: int
    private: int
    forgotten: int = 0
    on_server: int = 0
    other_buckets: tuple[str, ...] = ()
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


class Taking:
    """Takes rows one by one and writes them in batches; use it inside `connection()`."""

    def __init__(
        self,
        adapter: DatabaseAdapter,
        privacy: Privacy,
        *,
        batch: int,
        fit: Callable[[list[Row]], list[Row]] = lambda rows: rows,
    ) -> None:
        """Write `batch` rows at a time into `adapter`, each batch as `fit` returns it."""
        self._writer = adapter.make_bulk_writer()
        self._privacy = lru_cache(_PRIVACY_MEMORY)(privacy)
        self._batch = batch
        self._fit = fit
        self._rows: list[Row] = []
        self._sessions = self._stored = self._private = 0

    def add(self, row: Row) -> bool:
        """Take a row; tell whether a batch was written with it."""
        self._sessions += 1
        if not self._is_allowed(row):
            self._private += 1
            return False
        self._rows.append(row)
        if len(self._rows) < self._batch:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Write what was taken so far."""
        if self._rows:
            self._stored += self._writer.write(self._fit(self._rows))
            self._rows = []

    def finish(self, other_buckets: tuple[str, ...] = ()) -> Imported:
        """Write the rest; return what was done."""
        self.flush()
        left_out = self._writer.left_out
        return Imported(
            self._sessions,
            self._stored,
            self._private,
            left_out.forgotten,
            left_out.on_server,
            other_buckets,
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


def local_offset_minutes(ms: int) -> int:
    """Return how far this computer's time zone was from UTC at `ms` since the epoch."""
    return time.localtime(ms / 1000).tm_gmtoff // 60


def now_ms() -> int:
    """Return the ms since the epoch."""
    return time.time_ns() // 1_000_000
