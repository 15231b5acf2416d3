"""Notifications: a few sentences at the edge of the screen, where the desktop shows such things."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from reprospective_tray import PRODUCT, clean_text
from reprospective_tray.desktop import session_bus
from reprospective_tray.desktop.text_limits import cut_utf16
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.system.paths import shipped_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.system.dbus import BusConnection

_log = logging.getLogger(__name__)

ICON = "assets/icon.png"
SERVICE_NAME = "org.freedesktop.Notifications"
SERVICE = ("/org/freedesktop/Notifications", SERVICE_NAME, SERVICE_NAME)
# A notification service may have to be started by the bus first.
TIMEOUT_S = 3.0
# What Windows takes.
TITLE_UTF16_UNITS, BODY_UTF16_UNITS = 63, 255


class Notifier:
    """Shows notifications by the best way there is.

    Linux: the desktop's notification service; by notify-send where the bus cannot be spoken to
    from here, as one that is reached by TCP. Elsewhere the fallback, which `app` takes from the
    tray icon.
    """

    def __init__(self, fallback: Callable[[str, str], None] | None = None) -> None:
        """Take what shows a title and a body where there is no service of its own.

        Args:
            fallback: Called with title and body, cut to what Windows takes; may raise.
        """
        self.fallback = fallback
        self._showing = threading.Lock()
        self._line: BusConnection | None = None

    def notify(self, title: str, body: str) -> bool:
        """Show a notification; never raises, and waits for some seconds at most.

        Returns:
            Whether something took it; if nothing did, the log has its text.
        """
        title, body = clean_text.one_line(title), clean_text.lines(body)
        ways = [self._by_fallback]
        if sys.platform == "linux":
            ways = [self._by_bus, _by_notify_send, self._by_fallback]
        for way in ways:
            try:
                if way(title, body):
                    return True
            except Exception as error:  # noqa: BLE001  each way's libraries raise their own; a notification is no reason to fail
                _log.debug("a notification was not shown: %s", error)
        _log.info("nothing here shows notifications; it would say: %s: %s", title, body)
        return False

    def close(self) -> None:
        """Leave the bus; whoever is just waiting for the service leaves it with the process."""
        if self._showing.acquire(blocking=False):
            if self._line:
                self._line.close()
            self._line = None
            self._showing.release()

    def _by_bus(self, title: str, body: str) -> bool:
        with self._showing:
            self._line = _kept(self._line) or session_bus.connect(TIMEOUT_S)
            return self._line is not None and _show(self._line, title, body)

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


def _kept(line: BusConnection | None) -> BusConnection | None:
    """Return the connection of earlier notifications if it is still there.

    It stays open: GNOME takes a program's notifications away when their connection ends.
    """
    if line is None:
        return None
    from reprospective_tray.system.dbus import BusLostError

    try:
        line.listen(0)  # nobody here wants to know what became of the earlier ones
    except BusLostError:
        line.close()
        return None
    return line


def _show(line: BusConnection, title: str, body: str) -> bool:
    from jeepney import DBusAddress

    line.ask(DBusAddress(*session_bus.BUS), "StartServiceByName", "su", SERVICE_NAME, 0)
    service = DBusAddress(*SERVICE)
    capabilities = line.ask(service, "GetCapabilities")
    if capabilities and "body-markup" in capabilities[0]:
        body = _escaped(body)
    # application, replaces none, icon, texts, no buttons, hints, the service's own time
    values: tuple[object, ...] = (PRODUCT, 0, _icon_path(), title, body, [], {}, -1)
    return line.ask(service, "Notify", "susssasa{sv}i", *values) is not None


def _by_notify_send(title: str, body: str) -> bool:
    program = shutil.which("notify-send")
    if program is None or not session_bus.is_offered():
        return False
    # Most services read markup; where one does not, it shows an entity and hides no word.
    # notify-send takes \n and the like in the body for what they mean in C.
    body = _escaped(body).replace("\\", r"\\")
    command = [program, f"--app-name={PRODUCT}", f"--icon={_icon_path()}", "--", title, body]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)
    return True


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
