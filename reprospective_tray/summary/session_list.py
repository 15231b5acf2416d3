"""The sessions of a range as lines: put into words when they are looked at, sorted as values."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct

from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import MINUTE_MS, State
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.format_text import (
    application_label,
    duration,
    title_label,
    wall_time,
)
from reprospective_tray.summary.rounding import MINUTES_FROM_MS


class SessionLine(Struct, frozen=True):
    """One session of the list; `uid` is empty where it cannot be deleted from here."""

    when: str
    time: str
    state: State
    name: str
    title: str
    colour: str
    host: str
    uid: str
    started_at: int
    ms: int


class SessionList:
    """Sessions in the order in which they are shown; there may be thousands, and few in view."""

    def __init__(
        self,
        sessions: Sequence[StoredSession],
        days: DayRange,
        categories: Categories,
        *,
        is_here: bool,
    ) -> None:
        """Take sessions of `days`, newest first; `is_here`: they lie in the local file."""
        self._sessions = sessions
        self._days = days
        self._categories = categories
        self._is_here = is_here

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sessions)

    def __getitem__(self, number: int) -> SessionLine:
        """Return one in words."""
        return self._line(self._sessions[number])

    def __iter__(self) -> Iterator[SessionLine]:
        """Yield all of them in words."""
        return map(self._line, self._sessions)

    def __eq__(self, other: object) -> bool:
        """Tell whether the same is shown."""
        if not isinstance(other, SessionList):
            return NotImplemented
        return (self._days, self._is_here) == (other._days, other._is_here) and (
            self._sessions == other._sessions
        )

    __hash__ = None  # type: ignore[assignment]  # it is compared, never looked up

    def without(self, uids: Collection[str]) -> "SessionList":
        """Return the list without some sessions."""
        return self._of([each for each in self._sessions if each.uid not in uids])

    def sorted_by(self, column: str, *, descending: bool) -> "SessionList":
        """Return it by ``when``, ``time``, ``name`` or ``title``; of equals the newest first."""
        keys: dict[str, Callable[[StoredSession], Any]] = {
            "time": lambda each: each.ended_at - each.started_at,
            "name": lambda each: each.application_name.casefold(),
            "title": lambda each: each.window_title.casefold(),
        }
        if column == "when":
            return self if descending else self._of(self._sessions[::-1])
        return self._of(sorted(self._sessions, key=keys[column], reverse=descending))

    def key(self, number: int) -> str:
        """Return what tells a session from all others."""
        return self._sessions[number].uid

    def widest(self) -> list[SessionLine]:
        """Return lines that show how wide the columns must be: each name, and the longest ones.

        Those are the longest of all, and the longest of those that are shown with seconds.
        """
        if not self._sessions:
            return []

        def length(session: StoredSession) -> int:
            return session.ended_at - session.started_at

        by_name = {each.application_name: each for each in self._sessions}
        with_seconds = [each for each in self._sessions if length(each) < MINUTES_FROM_MS]
        longest = [max(found, key=length) for found in (self._sessions, with_seconds) if found]
        return [self._line(each) for each in (*by_name.values(), *longest)]

    def _of(self, sessions: Sequence[StoredSession]) -> "SessionList":
        return SessionList(sessions, self._days, self._categories, is_here=self._is_here)

    def _line(self, session: StoredSession) -> SessionLine:
        began, ended, ms = times(session, self._days)
        active = session.state is State.ACTIVE
        when = f"{began}\N{EN DASH}{ended}"
        if self._days.count > 1:
            day = wall_time(session.started_at, session.utc_offset_minutes).date()
            when = f"{sentences.day_name(max(day, self._days.first))} {when}"
        name, title, colour = state_label(session.state), "", ""
        if active:
            name = application_label(session.application_name)
            title = title_label(session.window_title)
            colour = self._categories.of(session.application_name, session.window_title).colour
        return SessionLine(
            when=when,
            time=duration(ms),
            state=session.state,
            name=name,
            title=title,
            colour=colour,
            host=session.source_host,
            uid=session.uid if self._is_here and not session.elsewhere else "",
            started_at=session.started_at,
            ms=ms,
        )


def state_label(state: State) -> str:
    """Return what to call a state."""
    return {State.ACTIVE: _("Active"), State.IDLE: _("Idle"), State.LOCKED: _("Locked")}[state]


def times(session: StoredSession, days: DayRange) -> tuple[str, str, int]:
    """Return when a session began and ended within `days`, on the wall, and its ms there."""
    offset = session.utc_offset_minutes
    start = max(session.started_at, days.begin - offset * MINUTE_MS)
    end = min(session.ended_at, days.end - offset * MINUTE_MS)
    until = wall_time(end, offset)
    ends = "24:00" if until.date() > days.last else f"{until:%H:%M}"
    return f"{wall_time(start, offset):%H:%M}", ends, end - start
