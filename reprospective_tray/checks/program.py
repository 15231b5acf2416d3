"""The program itself: its version, its config, the running instance, its start at login."""

from __future__ import annotations

import os
import platform

from reprospective_tray import __version__
from reprospective_tray.checks.finding import Case, Finding
from reprospective_tray.errors import NotRunningError, ReprospectiveError
from reprospective_tray.ipc import client
from reprospective_tray.messages import _
from reprospective_tray.summary.status_text import recording_line

_ANSWER_S = 3.0
# Compositors that leave login entries to other programs, by their XDG_CURRENT_DESKTOP.
_STARTING_NONE = {"sway", "hyprland", "river", "labwc", "niri", "wayfire"}


def program(_case: Case) -> list[Finding]:
    """Return which version this is, and of what system: a bug report begins with it."""
    parts = (
        f"reprospective-tray {__version__}",
        f"Python {platform.python_version()}",
        f"{platform.system()} {platform.release()}",
    )
    return [Finding("program", found=True, detail=", ".join(parts))]


def configuration(case: Case) -> list[Finding]:
    """Return which config is used; a wrong one has ended the command before."""
    place = case.loaded.file or _("no file, using the defaults")
    return [Finding("config", found=True, detail=str(place), needed=True)]


def instance(case: Case) -> list[Finding]:
    """Return whether the program runs, and its status."""
    name = "instance"
    try:
        status = client.request(case.paths, "status", timeout=_ANSWER_S)
    except NotRunningError as error:
        return [Finding(name, found=False, detail=str(error), remedy=error.remedy)]
    except ReprospectiveError as error:
        return [Finding(name, found=False, detail=str(error), remedy=error.remedy, needed=True)]
    if problem := status.get("problem"):
        detail = _("Running (process {pid}), with a problem: {problem}").format(
            pid=status.get("pid"), problem=problem
        )
        return [Finding(name, found=True, detail=detail)]
    if status.get("paused"):
        detail = _("Paused (process {pid}).").format(pid=status.get("pid"))
    else:
        detail = recording_line(status)
    return [Finding(name, found=True, detail=detail)]


def autostart(case: Case) -> list[Finding]:
    """Return whether the next login starts the program."""
    from reprospective_tray.desktop.autostart.login import StartAtLogin

    name = "autostart"
    login = StartAtLogin(case.loaded, case.paths)
    if login.why_not:
        return [Finding(name, found=None, detail=login.why_not)]
    standing = login.standing()
    if missing := standing.missing:
        detail = _("{place} starts the program at login, but {file} no longer exists.").format(
            place=standing.place, file=missing
        )
        remedy = _(
            "Run `reprospective-tray autostart enable` to start the program from where it is now."
        )
        return [Finding(name, found=False, detail=detail, remedy=remedy)]
    if standing.is_on:
        detail = _("The program starts at login ({place}).").format(place=standing.place)
        return [Finding(name, found=True, detail=detail, remedy=_if_not_read())]
    remedy = _("To start it at login, run `reprospective-tray autostart enable` or use the menu.")
    return [Finding(name, False, _("The program does not start at login."), remedy)]


def _if_not_read() -> str:
    """Return the remedy where the compositor does not start login entries itself."""
    names = set(os.environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":"))
    if not names & _STARTING_NONE:
        return ""
    return _("If it does not start, add `reprospective-tray run` to your compositor's config.")
