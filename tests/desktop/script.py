"""A scripted desktop with known truth: what was in front, from when to when.

Windows are opened, switched, renamed and closed at random (seeded), and each
change is noted at the moment the window manager, the X server or the compositor had done it.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.desktop.app_under_test import AppUnderTest

APPLICATIONS = ("Editor", "Browser", "Mail", "Terminal", "Chat", "Calendar")
SHORTEST_S, LONGEST_S = 0.3, 5.0
EARLIER = "before the script"


class Window(Protocol):
    """A window, on X11 or Wayland; what it does, it returns the time of, in ms."""

    id: int

    def activate(self) -> int: ...
    def set_title(self, title: str) -> int: ...
    def close(self) -> int: ...


class Windows(Protocol):
    """What opens windows, on X11 or Wayland."""

    def open(self, application: str, title: str, *, activate: bool) -> Window: ...
    def active_window(self) -> int: ...
    def await_next(self, closed: int) -> tuple[int, int]: ...
    def drop_events(self) -> None: ...


def await_recording(app: AppUnderTest, windows: Windows) -> None:
    """Return when the program records: it answers before, where its disk holds it up."""
    window = windows.open("Earlier", EARLIER, activate=True)
    app.wait_for_row(f"window_title = '{EARLIER}'")
    window.close()


@dataclass(frozen=True, slots=True)
class Stretch:
    """One application and title in front, ms since the epoch; empty names: no window."""

    application: str
    title: str
    started_at: int
    ended_at: int
    held_up_ms: int = 0
    """For how long others ran meanwhile instead of who noted it."""

    @property
    def names(self) -> tuple[str, str]:
        return self.application, self.title


class Script:
    """Plays a person at work; `truth` is what a perfect tracker would have recorded."""

    def __init__(
        self, windows: Windows, seed: int, held_up_ms: Callable[[], int] = lambda: 0
    ) -> None:
        """Open the first windows; `seed` decides everything that follows.

        Args:
            windows: What opens them.
            seed: A number.
            held_up_ms: Tells for how long, up to now, others ran instead of who notes all this.
        """
        self._windows = windows
        self._held_up_ms = held_up_ms
        self._random = random.Random(seed)  # noqa: S311  a script that repeats
        self._names: dict[int, tuple[str, str]] = {}
        self._open: list[Window] = []
        self._notes: list[tuple[int, int, str, str]] = []
        self._number = 0
        for application in APPLICATIONS[:3]:
            self._open_window(application)
            time.sleep(SHORTEST_S)

    def play(
        self, seconds: float, shortest: float = SHORTEST_S, longest: float = LONGEST_S
    ) -> None:
        """Do one thing after the other for `seconds`, each seen for a random time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._do_something()
            time.sleep(self._random.uniform(shortest, longest))

    def truth(self, until: int) -> list[Stretch]:
        """Return what was in front up to `until`; what was renamed to the same is one."""
        found: list[Stretch] = []
        ends = [(at, held_up) for at, held_up, *_names in self._notes[1:]]
        ends.append((until, self._held_up_ms()))
        for (at, held_up, *names), (end, held_up_then) in zip(self._notes, ends, strict=True):
            if found and found[-1].names == tuple(names):
                last = found.pop()  # goes on
                at, held_up = last.started_at, held_up - last.held_up_ms  # noqa: PLW2901
            if end > at:
                found.append(Stretch(*names, at, end, held_up_then - held_up))
        return found

    def _do_something(self) -> None:
        deed = self._random.random()
        if deed < 0.3 and self._open:
            self._rename(self._front())
        elif deed < 0.4 and len(self._open) < len(APPLICATIONS):
            self._open_window(self._random.choice(APPLICATIONS))
        elif deed < 0.5 and len(self._open) > 2:
            self._close(self._front())
        else:
            self._switch()

    def _front(self) -> Window:
        return next(it for it in self._open if it.id == self._windows.active_window())

    def _title(self, application: str) -> str:
        self._number += 1
        return f"document {self._number} - {application}"

    def _note(self, at: int, window: Window) -> None:
        self._notes.append((at, self._held_up_ms(), *self._names[window.id]))

    def _open_window(self, application: str) -> None:
        title = self._title(application)
        window = self._windows.open(application, title, activate=False)
        self._names[window.id] = application, title
        self._open.append(window)
        self._note(window.activate(), window)

    def _rename(self, window: Window) -> None:
        application, _old = self._names[window.id]
        title = self._title(application)
        self._names[window.id] = application, title
        self._note(window.set_title(title), window)

    def _switch(self) -> None:
        others = [it for it in self._open if it.id != self._windows.active_window()]
        window = self._random.choice(others)
        self._note(window.activate(), window)

    def _close(self, window: Window) -> None:
        """Close the window in front; the window manager chooses the next one."""
        self._open = [it for it in self._open if it.id != window.id]
        self._windows.drop_events()
        closed_at = window.close()
        at, named = self._windows.await_next(window.id)
        self._note(min(closed_at, at), next(it for it in self._open if it.id == named))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well the recorded sessions tell the truth."""

    error: float  # share of the time that names the wrong window or none, without being held up
    stretches: int
    caught: int  # stretches of 0.1 s or more, beyond being held up, that have a session
    long_stretches: int  # how many there are
    invented: int  # sessions of what never was in front


def judge(truth: Sequence[Stretch], rows: Sequence[sqlite3.Row]) -> Verdict:
    """Hold recorded rows against the truth, over the time that the truth covers."""
    sessions = [
        Stretch(row["application_name"], row["window_title"], row["started_at"], row["ended_at"])
        for row in rows
        if row["window_title"] != EARLIER
    ]
    wrong = sum(max(_unnamed(it, sessions) - it.held_up_ms, 0) for it in truth)
    long_ones = [it for it in truth if it.ended_at - it.started_at - it.held_up_ms >= 100]
    return Verdict(
        error=wrong / (truth[-1].ended_at - truth[0].started_at),
        stretches=len(truth),
        caught=sum(any(_meet(it, seen) for seen in sessions) for it in long_ones),
        long_stretches=len(long_ones),
        invented=sum(not any(_meet(it, seen) for it in truth) for seen in sessions)
        + _splits(truth, sessions),
    )


def _meet(one: Stretch, other: Stretch) -> bool:
    return (
        one.names == other.names
        and one.started_at < other.ended_at
        and other.started_at < one.ended_at
    )


def _splits(truth: Sequence[Stretch], sessions: Sequence[Stretch]) -> int:
    """Count the sessions that a stretch has beyond its first."""
    return sum(max(sum(_meet(it, seen) for seen in sessions) - 1, 0) for it in truth)


def _unnamed(it: Stretch, sessions: Sequence[Stretch]) -> int:
    """Return the ms of a stretch in which no session bears its names."""
    named, at = 0, it.started_at
    for seen in sorted(sessions, key=lambda seen: seen.started_at):
        if _meet(it, seen):
            end = min(it.ended_at, seen.ended_at)
            named += max(end - max(at, seen.started_at), 0)
            at = max(at, end)
    return it.ended_at - it.started_at - named
