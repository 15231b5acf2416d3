"""Idle time from GNOME's compositor: org.gnome.Mutter.IdleMonitor on the session bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jeepney import DBusAddress

from reprospective_tray.system.dbus import Follow

if TYPE_CHECKING:
    from reprospective_tray.system.dbus import Answer, BusConnection

NAME = "org.gnome.Mutter.IdleMonitor"
_CORE = DBusAddress("/org/gnome/Mutter/IdleMonitor/Core", NAME, NAME)


class MutterIdle:
    """All input devices together; whoever listens to the line asks `take_news` afterwards."""

    def __init__(self, line: BusConnection) -> None:
        """Take the line to the bus that it is on."""
        self._line = line
        self._limit_ms: int | None = None
        self._idle_watch = self._return_watch = 0  # the monitor's numbers; 0: none
        self._asks_for_return = self._has_news = False

    def follow(self) -> None:
        """Hear of it from now on.

        Raises:
            BusLostError: the bus is gone.
        """
        self._line.follow(Follow(NAME, NAME, self._on_owner, self._on_signal))

    def idle_ms(self) -> int | None:
        """Return the ms since the last input, None where there is no monitor.

        Raises:
            BusLostError: the bus is gone, or the monitor does not answer.
        """
        answer = self._line.ask(_CORE, "GetIdletime")
        if answer is None:
            return None
        idle_ms = int(answer[0])
        if self._limit_ms is not None and idle_ms >= self._limit_ms:
            # Not when the watch fires: films and the like keep it from that.
            self._await_return()
        return idle_ms

    def watch(self, idle_ms: int) -> bool:
        """Let idle time that reaches `idle_ms`, and its end, be news; return whether it can be.

        Raises:
            BusLostError: as `idle_ms`.
        """
        self.let_go()
        answer = self._line.ask(_CORE, "AddIdleWatch", "t", idle_ms)
        self._idle_watch = int(answer[0]) if answer else 0
        self._limit_ms = idle_ms if answer else None
        return answer is not None

    def take_news(self) -> bool:
        """Say whether idle time began or ended since this was asked last."""
        news, self._has_news = self._has_news, False
        return news

    def let_go(self) -> None:
        """Take the watches back.

        Raises:
            BusLostError: the bus is gone.
        """
        watches = self._idle_watch, self._return_watch
        self._idle_watch = self._return_watch = 0
        for watch in filter(None, watches):
            self._line.call(_CORE, "RemoveWatch", "u", watch)

    def _await_return(self) -> None:
        """Have the next input told; such a watch fires once."""
        if self._return_watch or self._asks_for_return:
            return
        self._asks_for_return = True
        self._line.call(_CORE, "AddUserActiveWatch", on_answer=self._keep_return_watch)

    def _keep_return_watch(self, answer: Answer) -> None:
        self._asks_for_return = False
        self._return_watch = int(answer[0]) if answer else 0

    def _on_owner(self, there: bool) -> None:
        if not there:
            self._idle_watch = self._return_watch = 0

    def _on_signal(
        self, _path: str, _interface: str, member: str, arguments: tuple[Any, ...]
    ) -> None:
        if member != "WatchFired":
            return
        watch = arguments[0]
        self._has_news |= watch in {self._idle_watch, self._return_watch}
        if watch == self._return_watch:
            self._return_watch = 0
