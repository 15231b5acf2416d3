"""The window's messages about the running instance, and for ranges without sessions. Pure."""

from collections.abc import Mapping
from datetime import date, datetime

from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.footer_words import FooterWords

Status = Mapping[str, object]
# Before the running instance was asked for the first time.
NOT_KNOWN: Status = {"known": False}


def status_line(status: Status | None) -> str:
    """Return in a few words what the running instance does."""
    if status is None:
        return _("Not recording: reprospective-tray is not running")
    if status is NOT_KNOWN:
        return ""
    if status.get("paused"):
        until = status.get("paused_until")
        if isinstance(until, str) and until:
            return _("Paused until {time}").format(time=_local_time(until))
        return _("Paused until you resume")
    return _not_recording(status) or _("Recording")


def _not_recording(status: Status) -> str:
    """Return that an instance that is not paused records nothing, and why; empty where it does."""
    if status.get("recording", True):
        return ""
    if problem := status.get("problem"):
        return _("Not recording: {problem}").format(problem=problem)
    return _("Not recording yet")


def footer(status: Status | None) -> FooterWords:
    """Return what the foot of the window says."""
    is_recording = (
        status is not None
        and bool(status.get("running"))
        and not status.get("paused")
        and not _not_recording(status)
    )
    said = status or {}
    return FooterWords(
        is_recording,
        bool(said.get("paused")),
        status_line(status),
        str(said.get("sync_line") or ""),
        str(said.get("sync_reason") or ""),
    )


def empty_sentence(status: Status | None, days: DayRange, today: date) -> str:
    """Return what to say of days on which nothing was recorded, and what to do."""
    if days.count > 1 and not days.first <= today <= days.last:
        return _("Nothing was recorded on these days.")
    if not days.first <= today <= days.last:
        return _("Nothing was recorded on this day.")
    if status is None:
        return _("Nothing recorded yet today. Start recording with: reprospective-tray run")
    if status.get("paused"):
        return _("Recording is paused. Resume it from the tray icon's menu.")
    return _not_recording(status) or _(
        "Nothing recorded yet today. Recording is on; the first window appears in a moment."
    )


def _local_time(iso: str) -> str:
    """Return the time on this computer's clock, with its date where that is not today."""
    moment = datetime.fromisoformat(iso).astimezone()
    today = datetime.now(moment.tzinfo).date()
    return f"{moment:%H:%M}" if moment.date() == today else f"{moment:%Y-%m-%d %H:%M}"
