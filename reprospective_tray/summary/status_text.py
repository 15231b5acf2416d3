"""The text of `status`: a few lines for a person. Pure."""

from collections.abc import Mapping
from datetime import datetime

from reprospective_tray.messages import _
from reprospective_tray.summary.format_text import duration


def status_text(status: Mapping[str, object]) -> str:
    """Return the lines that say how things stand, of the object of `status --json`."""
    lines = [_running(status)]
    if problem := status.get("problem"):
        lines.append(str(problem))
    settings = status.get("settings_problem")
    if settings and settings != problem:
        lines.append(str(settings))
    if folder := status.get("log_folder"):
        lines.append(_("The log is in {folder}").format(folder=folder))
    seconds = status["today_active_seconds"]
    milliseconds = round(seconds * 1000) if isinstance(seconds, int | float) else 0
    lines.append(_("Active today: {time}").format(time=duration(milliseconds)))
    lines.append(_("Recorded in: {path}").format(path=status["data_path"]))
    return "\n".join(lines)


def paused_line(until: int | None) -> str:
    """Return until when the recording is paused: ms since the epoch, None until it is resumed."""
    if until is None:
        return _("Paused until you resume.")
    end = datetime.fromtimestamp(until / 1000).astimezone()
    return _("Paused until {time}.").format(time=f"{end:%Y-%m-%d %H:%M}")


def recording_line(status: Mapping[str, object]) -> str:
    """Return whether the running instance records, of its status while it is not paused."""
    if status.get("recording", True):
        sentence = _("Recording (process {pid}).")
    elif status.get("problem"):
        sentence = _("Not recording (process {pid}).")
    else:
        sentence = _("Not recording yet (process {pid}).")
    return sentence.format(pid=status.get("pid"))


def _running(status: Mapping[str, object]) -> str:
    until = status["paused_until"]
    if not status["running"]:
        return _("Not running. Start it with: reprospective-tray run")
    if status.get("mode") == "locked":
        return _("The screen is locked (process {pid}).").format(pid=status["pid"])
    if not status["paused"]:
        return recording_line(status)
    if until is None:
        return _("Paused until you resume (process {pid}).").format(pid=status["pid"])
    end = datetime.fromisoformat(str(until)).astimezone()
    return _("Paused until {time} (process {pid}).").format(
        time=f"{end:%Y-%m-%d %H:%M}", pid=status["pid"]
    )
