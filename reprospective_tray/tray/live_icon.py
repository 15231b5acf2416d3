"""LiveIcon: the tray icon with the thread that keeps it true."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from reprospective_tray.system.lean_memory import give_back
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor
from reprospective_tray.tray.icon import TrayIcon
from reprospective_tray.tray.state import from_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprospective_tray.tray.menu import MenuAction

log = logging.getLogger(__name__)

# The icon shows the minutes of today: the database is asked twice a minute, not at each news.
REFRESH_S = 30.0
# News that come close together are shown together.
TOGETHER_S = 1.0
# Panels start after the programs of a log-in: none is missed before this.
PANEL_S = 5.0
# For what a thread is in the middle of at the end: a read of the database, or a line of the log.
JOIN_S = 2.0


class LiveIcon:
    """Shows the running program's status; one in the life of a process, as `TrayIcon`."""

    def __init__(
        self,
        on_action: Callable[[MenuAction], None],
        today_ms: Callable[[], int],
        status: Callable[[int], Mapping[str, object]],
        supervisor: Supervisor | None = None,
    ) -> None:
        """Take who does what is clicked, and where today's time and the status come from.

        Args:
            on_action: Takes a clicked action over, without doing it.
            today_ms: Returns today's active time, in ms; asked now and then.
            status: Returns the status object with that time in it, without waiting; asked at each
                news, and when the menu opens.
            supervisor: Counts what dies.

        Raises:
            TrayUnavailableError: there can be no icon; says why and what to do.
        """
        self.icon = TrayIcon(on_action, on_open=self._look_once_more)
        self._supervisor = supervisor or Supervisor()
        self._today_ms = today_ms
        self._status = status
        self._last_today_ms = 0
        self._news = threading.Event()
        self._ended = threading.Event()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; see `TrayIcon.run`."""
        overdue = threading.Timer(PANEL_S, self._warn_of_panel)
        display = threading.Thread(target=self._keep_true, name="display")
        # Daemons, since what they wait for may take longer than anybody waits for them.
        overdue.daemon = display.daemon = True
        threads = [overdue, display] if self.icon.backend.problem else [display]
        for thread in threads:
            thread.start()
        try:
            self.icon.run(on_ready)
        finally:
            self._end()
            overdue.cancel()
            for thread in threads:
                thread.join(JOIN_S)

    def tell(self) -> None:
        """Say that the status is another; from any thread, without waiting."""
        self._news.set()

    def stop(self) -> None:
        """Take the icon away and let `run` return; from any thread."""
        self._end()
        self.icon.stop()

    def _end(self) -> None:
        """Let the thread end; in this order, since it forgets the news before it looks."""
        self._ended.set()
        self._news.set()

    def _keep_true(self) -> None:
        self._supervisor.run(SupervisedPart.ICON, self._refresh, self._ended)

    def _refresh(self) -> None:
        read_at, trimmed = -REFRESH_S, False
        while True:
            self._news.clear()
            if self._ended.is_set():
                return
            if time.monotonic() - read_at >= REFRESH_S:
                read_at, self._last_today_ms = time.monotonic(), self._today_ms()
            self._update()
            self._ended.wait(TOGETHER_S)
            if not trimmed:
                trimmed = True
                give_back()  # the tray's libraries are loaded by now
            self._news.wait(REFRESH_S)

    def _look_once_more(self) -> None:
        """Bring news that is not shown yet, and what others have changed; in the tray's thread."""
        try:
            self._update()
        # Whatever it is, the menu opens with what it had.
        except Exception:
            log.exception("the menu could not be brought up to date")

    def _update(self) -> None:
        self.icon.update(from_status(self._status(self._last_today_ms)))

    def _warn_of_panel(self) -> None:
        backend = self.icon.backend
        if not self._ended.is_set() and not (backend.has_menu and self.icon.shown):
            log.warning("%s %s", backend.problem, backend.remedy)
