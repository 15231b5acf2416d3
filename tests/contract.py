"""One and the same test on either database: a place to record into, and what is in it.

The tests of tests/unit ask for `place`, `new_place` or `fresh_adapter` and get the local file;
tests/server collects those very tests again, and there they get a PostgreSQL.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.unit.recording import T0

FreshAdapter = Callable[[], AbstractContextManager[DatabaseAdapter]]
DAY_KEY = ("day", "device_id", "source_host", "state", "application_name")
DAY_FIGURES = (
    *("ms", "sessions", "first_at", "first_offset_minutes"),
    *("last_at", "last_offset_minutes"),
)


class Place(ABC):
    """A database; each `run` is one of a program that records into it."""

    @abstractmethod
    def open(self) -> AbstractContextManager[DatabaseAdapter]:
        """Open it, with a connection for this thread."""

    @abstractmethod
    def look(self) -> AbstractContextManager[DatabaseAdapter]:
        """Open it for reading, beside whoever has it open."""

    @contextmanager
    def run(self) -> Iterator[tuple[DatabaseAdapter, SessionWriter]]:
        with self.open() as adapter:
            writer = SessionWriter(adapter, "host")
            writer.recover()
            yield adapter, writer

    def rows(self, *names: str, deleted: int = 0) -> list[tuple[Any, ...]]:
        """Return columns of the rows, in order of their start."""
        with self.look() as adapter:
            session = adapter.models.Session
            columns = [getattr(session, name) for name in names]
            rows = session.select(*columns).where(session.deleted == deleted)
            return list(rows.order_by(session.started_at, session.uid).tuples())

    def spans(self) -> list[tuple[str, int, int]]:
        """Return (name, start, end) of the living rows, in ms after T0."""
        found = self.rows("application_name", "started_at", "ended_at")
        return [(name, start - T0, end - T0) for name, start, end in found]

    def days(self) -> dict[tuple, tuple]:
        """Return what is kept, or shown, of each day."""
        with self.look() as adapter:
            return days_of(adapter)

    def assert_days_add_up(self) -> None:
        """The days are exactly what the closed living rows add up to."""
        with self.look() as adapter:
            session = adapter.models.Session
            closed = session.select().where(session.open == 0, session.deleted == 0)
            assert days_of(adapter) == counted(closed.dicts())

    def assert_in_order(self) -> None:
        """Rows never overlap or run backwards, names are never None, and one is open at most."""
        found = self.rows("started_at", "ended_at", "application_name", "window_title", "open")
        assert all(start <= end for start, end, *_rest in found)
        for before, after in pairwise(found):
            assert before[1] <= after[0], (before, after)
        assert all(name is not None and title is not None for _s, _e, name, title, _o in found)
        assert sum(row[4] for row in found) <= 1


class FilePlace(Place):
    """A local file."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable

    @contextmanager
    def open(self) -> Iterator[SqliteAdapter]:
        adapter = SqliteAdapter(self.path)
        adapter.open()
        with adapter.connection():
            if not self._durable:
                adapter.database.execute_sql("PRAGMA synchronous = OFF")
            yield adapter
        adapter.close()

    @contextmanager
    def look(self) -> Iterator[SqliteAdapter]:
        adapter = SqliteAdapter(self.path, read_only=True)
        adapter.open()
        with adapter.connection():
            yield adapter


class ServerPlace(Place):
    """A PostgreSQL; its connection stays open from one use to the next."""

    def __init__(self, adapter: PostgresqlAdapter) -> None:
        self._adapter = adapter

    @contextmanager
    def open(self) -> Iterator[PostgresqlAdapter]:
        yield self._adapter

    def look(self) -> AbstractContextManager[PostgresqlAdapter]:
        return self.open()


def days_of(adapter: DatabaseAdapter) -> dict[tuple, tuple]:
    """Return the figures of the rollup, or of the view in its place, by their key."""
    return {
        tuple(day[name] for name in DAY_KEY): tuple(int(day[name]) for name in DAY_FIGURES)
        for day in adapter.models.Day.select().dicts()
    }


def counted(rows: Any) -> dict[tuple, tuple]:
    """Return what days ought to hold of these rows, counted here.

    Of several that begin, or end, in one moment any offset will do.
    """
    parts: dict[tuple, list] = {}
    for row in rows:
        offset = row["utc_offset_minutes"]
        for piece in pieces(row["started_at"], row["ended_at"], offset):
            key = (piece.day, *(row[name] for name in DAY_KEY[1:]))
            parts.setdefault(key, []).append((piece.started_at, piece.ended_at, offset))
    return {
        key: (
            sum(end - start for start, end, _offset in each),
            len(each),
            min(each, key=lambda part: part[0])[0],
            min(each, key=lambda part: part[0])[2],
            max(each, key=lambda part: part[1])[1],
            max(each, key=lambda part: part[1])[2],
        )
        for key, each in parts.items()
    }
