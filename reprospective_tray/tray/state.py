"""What the tray shows, as a value: the app's state in, sentences out. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reprospective_tray import PRODUCT
from reprospective_tray.desktop.text_limits import cut, cut_utf16
from reprospective_tray.messages import _
from reprospective_tray.summary.format_text import duration
from reprospective_tray.sync import status_messages

if TYPE_CHECKING:
    from collections.abc import Mapping

# Windows raises at 128; the others show as much as they like.
TOOLTIP_UTF16_UNITS = 127
# A menu grows as wide as its longest line.
APPLICATION_CHARACTERS = 40
PROBLEM_CHARACTERS = 90

MINUTE_MS = 60_000


class Mode(StrEnum):
    """How things stand in a word; the icon has a picture for each."""

    RECORDING = "recording"
    PAUSED = "paused"
    IDLE = "idle"
    LOCKED = "locked"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class AppState:
    """What a person is told about the running program.

    Attributes:
        mode: Paused wins over attention: `problem` is shown in either.
        today_active_ms: Active time of today, in ms.
        application_name: The application of the open session, or empty.
        paused_until: While paused: the end of it (ms since the epoch), None: until resumed.
        problem: What is wrong, a sentence; empty when nothing is.
        shipping: How sending to the server goes; None where it is off.
        starts_at_login: Whether the next login starts the program; None where it never can.
        log_folder: Where the log lies, where a person should look into it; else empty.
    """

    mode: Mode = Mode.RECORDING
    today_active_ms: int = 0
    application_name: str = ""
    paused_until: int | None = None
    problem: str = ""
    shipping: status_messages.Shipping | None = None
    starts_at_login: bool | None = None
    log_folder: str = ""


def from_status(status: Mapping[str, object]) -> AppState:
    """Return the state that the running instance's status object tells of.

    Raises:
        ValueError: the object is none of this program's, or of a version that is too new.
    """
    seconds = status.get("today_active_seconds")
    until = status.get("paused_until")
    at_login = status.get("starts_at_login")
    return AppState(
        mode=Mode(str(status.get("mode"))),
        today_active_ms=round(seconds * 1000) if isinstance(seconds, int | float) else 0,
        application_name=str(status.get("application_name") or ""),
        paused_until=_instant(until) if isinstance(until, str) else None,
        problem=str(status.get("problem") or ""),
        shipping=status_messages.from_status(status),
        starts_at_login=at_login if isinstance(at_login, bool) else None,
        log_folder=str(status.get("log_folder") or ""),
    )


def _instant(text: str) -> int:
    """Return ISO 8601 with an offset as ms since the epoch."""
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


def mode_name(mode: Mode) -> str:
    """Return the mode in a word, for those who cannot see the picture."""
    return {
        Mode.RECORDING: _("recording"),
        Mode.PAUSED: _("paused"),
        Mode.IDLE: _("idle"),
        Mode.LOCKED: _("locked"),
        Mode.ATTENTION: _("needs attention"),
    }[mode]


def today_line(state: AppState) -> str:
    """Return today's active time and what it is spent on now."""
    line = _("{time} today").format(time=duration(state.today_active_ms))
    if state.mode in {Mode.IDLE, Mode.LOCKED}:
        return f"{line} · {mode_name(state.mode)}"
    if state.application_name and state.mode is not Mode.PAUSED:
        return f"{line} · {cut(state.application_name, APPLICATION_CHARACTERS)}"
    return line


def paused_line(until: int | None, now: int) -> str:
    """Return until when the recording is paused, by the clock on the wall.

    Args:
        until: ms since the epoch, or None: until the person resumes.
        now: ms since the epoch.
    """
    if until is None:
        return _("Paused until you resume")
    end, today = _local(until), _local(now).date()
    time = f"{end:%H:%M}"
    if end.date() == today:
        return _("Paused until {time}").format(time=time)
    if end.date() == today + dt.timedelta(days=1):
        return _("Paused until tomorrow, {time}").format(time=time)
    return _("Paused until {date}, {time}").format(date=f"{end:%Y-%m-%d}", time=time)


def _local(instant: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant / 1000, tz=dt.UTC).astimezone()


def status_line(state: AppState, now: int) -> str:
    """Return the one line that says how things stand; `now` is in ms since the epoch."""
    if state.mode is Mode.PAUSED:
        return paused_line(state.paused_until, now)
    if state.mode is Mode.ATTENTION and state.problem:
        return cut(state.problem, PROBLEM_CHARACTERS)
    return today_line(state)


def sync_lines(state: AppState, now: int) -> tuple[str, ...]:
    """Return how far everything is sent, and why no further; nothing where sending is off.

    A `problem` that says the reason already is shown beside it.
    """
    shipping = state.shipping
    if shipping is None:
        return ()
    line, reason = status_messages.line(shipping, now), cut(shipping.reason, PROBLEM_CHARACTERS)
    is_said = not reason or state.problem.startswith(shipping.reason)
    return (line,) if is_said else (line, reason)


def tooltip(state: AppState, now: int) -> str:
    """Return what the icon says under the pointer, within what Windows allows."""
    sync = sync_lines(state, now)
    # What fails comes first: the rest may be cut.
    lines = [*sync[1:], status_line(state, now), *sync[:1]]
    line = state.problem or " · ".join(lines)
    return cut_utf16(f"{PRODUCT}: {line}", TOOLTIP_UTF16_UNITS)
