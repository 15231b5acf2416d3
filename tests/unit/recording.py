"""What the tests of recording share: clocks that can be set, and a real file to record into."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from reprospective_tray.monitor.observation import Moment, Observation
from reprospective_tray.monitor.sessionizer import Rules, Sessionizer
from reprospective_tray.monitor.title_comparison import comparable
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import (
    Put,
    Session,
    State,
    StepBack,
)
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.system.presence import Presence

# 2023-11-14 22:13:20 UTC.
T0 = 1_700_000_000_000
NOISE = ("counters", "spinners", "percentages")
SESSIONS = "desktop_activity_sessions"


def session(start: int, end: int, name: str = "app", **other) -> Session:
    """Return a closed session of `start` to `end`, in ms after T0, unless `other` differs."""
    values = {
        "uid": new_uid(T0 + start),
        "state": State.ACTIVE,
        "application_name": name,
        "window_title": "title",
        "process_id": 42,
        "started_at": T0 + start,
        "ended_at": T0 + end,
        "utc_offset_minutes": 0,
        "open": False,
    }
    return Session(**values | other)


def rows_of(path: Path, columns: str = "*", where: str = "deleted = 0") -> list:
    """Return rows of the file as any other program reads them, in order of their start."""
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        # S608: a test's own words.
        query = f"SELECT {columns} FROM {SESSIONS} WHERE {where} ORDER BY started_at, id"  # noqa: S608
        return connection.execute(query).fetchall()


def spans(path: Path) -> list[tuple]:
    """Return (name, start, end) of the living rows, in ms after T0."""
    found = rows_of(path, "application_name, started_at, ended_at")
    return [(name, start - T0, end - T0) for name, start, end in found]


@contextmanager
def store(path: Path) -> Iterator[tuple[SqliteAdapter, SessionWriter]]:
    """Open the file and a writer; each use is a run of its own."""
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        writer = SessionWriter(adapter, "host")
        writer.recover()
        yield adapter, writer
    adapter.close()


def assert_days_add_up(path: Path) -> None:
    """The rollup is exactly what the closed living rows add up to."""
    wanted: dict[tuple, list] = {}
    closed = rows_of(
        path,
        "device_id, source_host, state, application_name, started_at, ended_at, utc_offset_minutes",
        "deleted = 0 AND open = 0",
    )
    for *who, start, end, offset in closed:
        for piece in pieces(start, end, offset):
            length = piece.ended_at - piece.started_at
            day = wanted.setdefault((piece.day, *who), [0, 0, piece.started_at, piece.ended_at])
            day[0] += length
            day[1] += 1
            day[2] = min(day[2], piece.started_at)
            day[3] = max(day[3], piece.ended_at)
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT day, device_id, source_host, state, application_name, ms, sessions,"
            " first_at, last_at FROM desktop_activity_days"
        ).fetchall()
    assert {row[:5]: list(row[5:]) for row in found} == wanted


def assert_in_order(path: Path) -> None:
    """Rows never overlap or run backwards, names are never None, and one is open at most."""
    found = rows_of(path, "started_at, ended_at, application_name, window_title, open")
    assert all(start <= end for start, end, *_rest in found)
    for before, after in pairwise(found):
        assert before[1] <= after[0], (before, after)
    assert all(name is not None and title is not None for _s, _e, name, title, _o in found)
    assert sum(row[4] for row in found) <= 1


class Desk:
    """A person's desktop before a sessionizer: two clocks, windows, and a file to record into."""

    def __init__(self, writer: SessionWriter | None = None, **rules) -> None:
        self.steady, self.wall, self.offset = 5_000_000, T0, 0
        self.last_input = self.steady
        self.presence = Presence()
        self.changes: list = []
        self._writer = writer
        values = {
            "heartbeat_ms": 10_000,
            "idle_after_ms": 180_000,
            "title_changes_per_minute": 60,
            "comparable": comparable(NOISE),
            "new_uid": new_uid,
        }
        self.rules = Rules(**values | rules)
        self.sessionizer = Sessionizer(self.rules)
        if writer:
            self.sessionizer.occupy(writer.occupied(self.wall))

    @property
    def at(self) -> Moment:
        return Moment(self.steady, self.wall, self.offset)

    def take(self, changes: list) -> list:
        self.changes += changes
        if self._writer:
            self._writer.apply(changes)
            if any(isinstance(change, StepBack) for change in changes):
                self.sessionizer.occupy(self._writer.occupied(self.wall))
        return changes

    def see(self, name: str | None, title: str = "title", window_id: int = 1) -> list:
        window = None if name is None else Observation(name, title, 42, window_id)
        holds = name is not None and self.rules.never_idle(name)
        return self.take(self.sessionizer.see(self.at, window, holds_off_idle=holds))

    def say(self, **presence: object) -> list:
        """Let the desktop say something else of the person, after a tick as the monitor does."""
        changes = self.tick()
        self.presence = replace(self.presence, **presence)
        return changes + self.take(self.sessionizer.present(self.at, self.presence))

    def tick(self, *, knows_input: bool = True) -> list:
        idle = self.steady - self.last_input if knows_input else None
        return self.take(self.sessionizer.tick(self.at, idle))

    def skip(self, ms: int) -> None:
        """Let time pass unseen."""
        self.steady += ms
        self.wall += ms

    def input(self) -> None:
        self.last_input = self.steady

    def run(self, ms: int, *, present: bool = True) -> None:
        """Let time pass as the monitor does: a tick whenever one is due."""
        end = self.steady + ms
        while self.steady < end:
            self.skip(min(self.sessionizer.due_in_ms(self.at), end - self.steady))
            if present:
                self.input()
            if self.steady < end:
                self.tick()

    def stop(self) -> list:
        return self.take(self.sessionizer.stop(self.at))

    @property
    def closed(self) -> list[tuple]:
        """The (name, start, end) of what has ended, in ms after T0; for runs without Rewind."""
        return [
            (c.session.application_name, c.session.started_at - T0, c.session.ended_at - T0)
            for c in self.changes
            if isinstance(c, Put) and not c.session.open
        ]
