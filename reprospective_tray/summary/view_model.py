"""What the window shows of one day, as values: no database and no widgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reprospective_tray.messages import _, plural
from reprospective_tray.store.ranges import DayRange
from reprospective_tray.store.raw_queries import StoredSession
from reprospective_tray.store.sessions import MINUTE_MS, State
from reprospective_tray.summary.report import Report
from reprospective_tray.summary.report_text import first_last
from reprospective_tray.summary.text import (
    application_label,
    duration,
    title_label,
    wall_time,
)


@dataclass(frozen=True, slots=True)
class Card:
    """One figure: what it is, the figure, and a word on it."""

    label: str
    figure: str
    note: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One application: its time, and its share of the longest one's."""

    name: str
    time: str
    share: float


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session of the list."""

    when: str
    time: str
    state: State
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class DayView:
    """A day as the window shows it; sessions come newest first."""

    cards: tuple[Card, ...]
    bars: tuple[Bar, ...]
    sessions: tuple[SessionLine, ...]
    sessions_note: str


def day_view(report: Report, sessions: Sequence[StoredSession], newest: int) -> DayView:
    """Return what the window shows of the one day of `report`.

    `sessions` are in order; at most the `newest` ones were asked for.
    """
    states = report.states
    locked = _("locked {time}").format(time=duration(states.locked_ms)) if states.locked_ms else ""
    hosts = len(report.hosts)
    computers = plural("{count} computer", "{count} computers", hosts).format(count=hosts)
    longest = max((each.ms for each in report.applications), default=0) or 1
    note = ""
    if len(sessions) >= newest:
        note = _("the newest {count}").format(count=newest)
    return DayView(
        cards=(
            Card(_("Active"), duration(states.active_ms), ""),
            Card(_("Idle"), duration(states.idle_ms), locked),
            Card(
                _("First \N{EN DASH} last"),
                first_last(report) if report.days else "\N{EN DASH}",
                computers if hosts > 1 else "",
            ),
        ),
        bars=tuple(
            Bar(application_label(each.name), duration(each.ms), each.ms / longest)
            for each in report.applications
        ),
        sessions=tuple(_line(each, report.range) for each in reversed(sessions)),
        sessions_note=note,
    )


def status_line(status: dict[str, object] | None) -> str:
    """Return in a few words what the running instance does."""
    if status is None:
        return _("Not recording: reprospective-tray is not running")
    if status.get("paused"):
        until = status.get("paused_until")
        if isinstance(until, str) and until:
            return _("Paused until {time}").format(time=_local_time(until))
        return _("Paused until you resume")
    return _("Recording")


def empty_sentence(status: dict[str, object] | None, *, today: bool) -> str:
    """Return what to say of a day on which nothing was recorded."""
    if not today:
        return _("Nothing was recorded on this day.")
    if status is None:
        return _("Nothing recorded yet today. Start recording with: reprospective-tray run")
    if status.get("paused"):
        return _("Recording is paused. Resume it from the tray icon's menu.")
    return _("Nothing recorded yet today. Recording is on: the first window appears in a moment.")


def _local_time(iso: str) -> str:
    """Return the time on this computer's clock, with its date where that is not today."""
    moment = datetime.fromisoformat(iso).astimezone()
    today = datetime.now(moment.tzinfo).date()
    return f"{moment:%H:%M}" if moment.date() == today else f"{moment:%Y-%m-%d %H:%M}"


def _line(session: StoredSession, day: DayRange) -> SessionLine:
    offset = session.utc_offset_minutes
    start = max(session.started_at, day.begin - offset * MINUTE_MS)
    end = min(session.ended_at, day.end - offset * MINUTE_MS)
    until = wall_time(end, offset)
    ends = "24:00" if until.date() > day.last else f"{until:%H:%M}"
    labels = {State.IDLE: _("Idle"), State.LOCKED: _("Locked")}
    active = session.state is State.ACTIVE
    return SessionLine(
        when=f"{wall_time(start, offset):%H:%M} \N{EN DASH} {ends}",
        time=duration(end - start),
        state=session.state,
        name=application_label(session.application_name) if active else labels[session.state],
        title=title_label(session.window_title) if active else "",
    )
