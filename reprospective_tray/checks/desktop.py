"""The desktop: session and display, windows and idle time, bus, tray and notifications."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.checks.finding import Case, Finding
from reprospective_tray.messages import _
from reprospective_tray.monitor import no_window_messages
from reprospective_tray.monitor.probes.session_type import (
    UNKNOWN,
    WAYLAND,
    X11,
    session_type,
)

if TYPE_CHECKING:
    from reprospective_tray.monitor.probes.base import WindowProbe

_OWN_DISPLAY = {"win32": "Windows", "darwin": "macOS"}


def session(_case: Case) -> list[Finding]:
    """Return the kind of session and the desktop's name."""
    name = "session"
    if sys.platform in _OWN_DISPLAY:
        return [Finding(name, found=True, detail=_OWN_DISPLAY[sys.platform])]
    kind = session_type(os.environ)
    has_server = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if kind == UNKNOWN or not has_server:
        detail = _("Neither DISPLAY nor WAYLAND_DISPLAY is set.")
        return [Finding(name, found=False, detail=detail, remedy=_inside_session())]
    words = [{X11: "X11", WAYLAND: "Wayland"}[kind]]
    words += [word for word in (os.environ.get("XDG_CURRENT_DESKTOP"),) if word]
    return [Finding(name, found=True, detail=", ".join(words))]


def display(_case: Case) -> list[Finding]:
    """Return whether the display answers."""
    if sys.platform in _OWN_DISPLAY:
        detail = _OWN_DISPLAY[sys.platform]
        return [Finding("display", found=True, detail=detail, needed=True)]
    if session_type(os.environ) == WAYLAND:
        server = os.environ.get("WAYLAND_DISPLAY", "wayland-0")
        socket = Path(os.environ.get("XDG_RUNTIME_DIR", ""), server)
        detail = _("Wayland display {name}").format(name=server)
        return [_display(found=socket.exists(), detail=detail)]
    if name := os.environ.get("DISPLAY"):
        return [_x_display(name)]
    return [_display(found=False, detail=_("There is no display."))]


def _x_display(name: str) -> Finding:
    try:
        from Xlib.display import Display

        server = Display()
    except Exception as error:  # noqa: BLE001  python-xlib raises many kinds for a display that is not there
        detail = _("The X server {name} does not answer: {reason}").format(name=name, reason=error)
        return _display(found=False, detail=detail)
    try:
        screen = server.screen()
        detail = _("X server {name}, {width} x {height} pixels").format(
            name=name, width=screen.width_in_pixels, height=screen.height_in_pixels
        )
        return _display(found=True, detail=detail)
    finally:
        server.close()


def _display(*, found: bool, detail: str) -> Finding:
    remedy = "" if found else _inside_session()
    return Finding("display", found=found, detail=detail, remedy=remedy, needed=True)


def _inside_session() -> str:
    return _("Start it inside a desktop session.")


def windows(case: Case) -> list[Finding]:
    """Return whether the window in front is seen now, and whether idle time is told."""
    from reprospective_tray.monitor.probes import open_probe

    monitor = case.loaded.config.monitor
    probe = open_probe(monitor.poll_interval, monitor.probe)
    try:
        return [_window(case, probe), _idle(probe)]
    finally:
        probe.close()


def _window(case: Case, probe: WindowProbe) -> Finding:
    name = "windows"
    if not probe.sees_windows:
        detail = f"{no_window_messages.reason(probe.lack)} ({probe.trouble})"
        remedy = no_window_messages.remedy(probe.lack)
        return Finding(name, found=False, detail=detail, remedy=remedy, needed=True)
    if probe.name == X11 and session_type(os.environ) == WAYLAND:
        detail = _("In this Wayland session, only windows of X11 programs are visible.")
        remedy = _("Set monitor.probe to auto, or remove it.")
        return Finding(name, found=None, detail=detail, remedy=remedy, needed=True)
    seen = probe.current()
    if seen is None:
        detail = _("No window is in front right now ({way}).").format(way=probe.name)
        return Finding(name, found=None, detail=detail, needed=True)
    from reprospective_tray.runtime.factories import make_filter

    # What no rule lets into the database has no business in a report of a fault either.
    shown = make_filter(case.loaded)(seen)
    application = shown.application_name if shown else _("a window that a privacy rule ignores")
    detail = _("In front now: {application} ({way})").format(
        application=application, way=probe.name
    )
    return Finding(name, found=True, detail=detail, needed=True)


def _idle(probe: WindowProbe) -> Finding:
    ms = probe.idle_ms() if probe.sees_windows else None
    if ms is None:
        return Finding(
            "idle",
            found=False,
            detail=_("This desktop does not report when the last input was."),
            remedy=_("Time without input therefore counts as active."),
        )
    if probe.learns_idle_s:
        detail = _("The desktop reports when input stops and resumes.")
    else:
        detail = _("The last input was {seconds} s ago.").format(seconds=ms // 1000)
    return Finding("idle", found=True, detail=detail)


def shell(_case: Case) -> list[Finding]:
    """Return what shows the icon and the notifications, and the bus that both go by.

    One after the other: whoever imports GTK must know first that the bus answers.
    """
    if sys.platform in _OWN_DISPLAY:
        notifications = Finding("notifications", found=True, detail=_("Shown by the tray icon."))
        return [_tray(), notifications]
    from reprospective_tray.desktop import session_bus

    is_offered, answers = session_bus.is_offered(), session_bus.answers()
    bus = _bus(is_offered=is_offered, answers=answers)
    return [bus, _tray(), _notifications(has_bus=answers)]


def _bus(*, is_offered: bool, answers: bool) -> Finding:
    if answers:
        return Finding("bus", found=True, detail=_("The session bus answers."))
    if not is_offered:
        detail = _("This session has no bus (D-Bus).")
        return Finding("bus", found=False, detail=detail, remedy=_inside_session())
    return Finding(
        "bus",
        found=False,
        detail=_("The session bus does not answer."),
        remedy=_("Log out and in again."),
    )


def _tray() -> Finding:
    from reprospective_tray.tray.icons import backend

    try:
        chosen = backend.choose()
    except backend.TrayUnavailableError as error:
        return Finding("tray", found=False, detail=str(error), remedy=error.remedy)
    if chosen.problem:
        return Finding("tray", found=False, detail=chosen.problem, remedy=chosen.remedy)
    hosts = {
        backend.APPINDICATOR: _("A panel for StatusNotifier icons (AppIndicator)."),
        backend.GTK: _("A panel with an X11 tray (GTK)."),
        backend.NATIVE: _("The system's own tray."),
    }
    return Finding("tray", found=True, detail=hosts.get(chosen.name, chosen.name))


def _notifications(*, has_bus: bool) -> Finding:
    import shutil

    from reprospective_tray.desktop import session_bus
    from reprospective_tray.desktop.notifications import SERVICE, SERVICE_NAME

    name = "notifications"
    if not has_bus and session_bus.is_offered() and shutil.which("notify-send"):
        return Finding(name, found=None, detail=_("Shown by notify-send."))
    if session_bus.is_owned(SERVICE_NAME):
        words = session_bus.ask(SERVICE, "GetServerInformation") or ()
        return Finding(name, found=True, detail=" ".join(map(str, words[:3:2])) or SERVICE_NAME)
    (startable,) = session_bus.ask(session_bus.BUS, "ListActivatableNames") or ([],)
    if SERVICE_NAME in startable:
        return Finding(
            name, found=True, detail=_("The desktop starts its notification service when needed.")
        )
    return Finding(
        name,
        found=False,
        detail=_("No service shows notifications here. Their text is in the log."),
        remedy=_("Start your desktop's notification service, or install one, such as dunst."),
    )
