"""Notifications: a few sentences at the edge of the screen, where the desktop shows such things."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from reprospective_tray import PRODUCT, clean_text
from reprospective_tray.desktop import session_bus
from reprospective_tray.desktop.text_limits import cut_utf16
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.system.dbus_address import session_address
from reprospective_tray.system.paths import shipped_file

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

ICON = "assets/icon.png"
SERVICE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
# A notification service may have to be started by the bus first.
TIMEOUT_MS = 3000
# What Windows takes.
TITLE_UTF16_UNITS, BODY_UTF16_UNITS = 63, 255


class Notifier:
    """Shows notifications by the best way there is.

    Linux: the desktop's notification service, by PyGObject or by notify-send. Elsewhere the
    fallback, which `app` takes from the tray icon.
    """

    def __init__(self, fallback: Callable[[str, str], None] | None = None) -> None:
        """Take what shows a title and a body where there is no service of its own.

        Args:
            fallback: Called with title and body, cut to what Windows takes; may raise.
        """
        self.fallback = fallback

    def notify(self, title: str, body: str) -> bool:
        """Show a notification; never raises, and waits for some seconds at most.

        Returns:
            Whether something took it; if nothing did, the log has its text.
        """
        title, body = clean_text.one_line(title), clean_text.lines(body)
        ways = [self._by_fallback]
        if sys.platform == "linux":
            ways = [_by_bus, _by_notify_send, self._by_fallback]
        for way in ways:
            try:
                if way(title, body):
                    return True
            except Exception as error:  # noqa: BLE001  each way's libraries raise their own; a notification is no reason to fail
                _log.debug("a notification was not shown: %s", error)
        _log.info("nothing here shows notifications; it would say: %s: %s", title, body)
        return False

    def _by_fallback(self, title: str, body: str) -> bool:
        if self.fallback is None:
            return False
        self.fallback(cut_utf16(title, TITLE_UTF16_UNITS), cut_utf16(body, BODY_UTF16_UNITS))
        return True


def _icon_path() -> str:
    try:
        return str(shipped_file(ICON))
    except ReprospectiveError:
        return ""


def _by_bus(title: str, body: str) -> bool:
    there = session_bus.connect()
    if there is None:
        return False
    gio, bus = there
    from gi.repository import GLib

    def call(method: str, arguments: object) -> tuple[object, ...]:
        answer = bus.call_sync(
            *(SERVICE, PATH, SERVICE, method, arguments, None),
            *(gio.DBusCallFlags.NONE, TIMEOUT_MS, None),
        )
        unpacked: tuple[object, ...] = answer.unpack()
        return unpacked

    (capabilities,) = call("GetCapabilities", None)
    if isinstance(capabilities, list) and "body-markup" in capabilities:
        body = GLib.markup_escape_text(body)
    call(
        "Notify",
        GLib.Variant(
            "(susssasa{sv}i)",
            # application, replaces none, icon, texts, no buttons, hints, the service's own time
            (PRODUCT, 0, _icon_path(), title, body, [], {}, -1),
        ),
    )
    return True


def _by_notify_send(title: str, body: str) -> bool:
    program = shutil.which("notify-send")
    if program is None or not session_bus.is_offered():
        return False
    if _reads_markup():
        body = body.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # It takes \n and the like in the body for what they mean in C, and hands on the rest as it is.
    body = body.replace("\\", r"\\")
    command = [program, f"--app-name={PRODUCT}", f"--icon={_icon_path()}", "--", title, body]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_MS / 1000)
    return True


def _reads_markup() -> bool:
    """Say whether the notification service reads markup in the body, as most do.

    It is started where it does not run yet. Where it does not say, it is taken to read it: that
    shows an entity too much at worst, and never hides a word.
    """
    # By hand, since this way is for those without PyGObject.
    from jeepney import DBusAddress

    from reprospective_tray.system.dbus import BUS, BusConnection, BusLostError

    address = session_address()
    if address is None:
        return True
    try:
        line = BusConnection(address, TIMEOUT_MS / 1000)
        try:
            bus = DBusAddress("/org/freedesktop/DBus", BUS, BUS)
            line.ask(bus, "StartServiceByName", "su", SERVICE, 0)
            answer = line.ask(DBusAddress(PATH, SERVICE, SERVICE), "GetCapabilities")
        finally:
            line.close()
    except BusLostError as error:
        _log.debug("the notification service does not say what it can do: %s", error)
        return True
    return answer is None or "body-markup" in answer[0]
