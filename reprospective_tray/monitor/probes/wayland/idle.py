"""Idle time from a Wayland compositor: ext-idle-notify-v1, or org_kde_kwin_idle before it.

They do not report when the last input was, only that there was none for some time. That time is
short here, so the last input is known exactly as soon as the person pauses for it. Films and other
things that prevent the screen's idle time (idle-inhibit-v1) also prevent it here.
"""

from dataclasses import dataclass
from typing import Any

from reprospective_tray.monitor.probes.base import steady_ms
from reprospective_tray.monitor.probes.wayland.connection import WaylandConnection

# After this long without input the last one is known, ms.
PAUSE_MS = 1_000


@dataclass(slots=True)
class _Seat:
    """One set of keyboard, mouse and similar devices."""

    proxy: Any
    notice: Any
    last_input: int | None = None  # ms of the steady clock; None: within the last `PAUSE_MS`


class IdleNotices:
    """What the compositor reports of input, all seats together."""

    def __init__(self, connection: WaylandConnection, notifier: Any) -> None:
        """Watch the seats of `connection` with the bound `notifier`."""
        from pywayland.protocol.wayland import WlSeat

        self._connection, self._notifier, self._seat_interface = connection, notifier, WlSeat
        self._seats: dict[int, _Seat] = {}
        self._limit_ms: int | None = None
        self._has_news = False
        connection.follow(WlSeat.name, self._add, self._remove)

    @classmethod
    def of(cls, connection: WaylandConnection) -> "IdleNotices | None":
        """Return the compositor's idle notices, None if it reports no input."""
        from pywayland.protocol.ext_idle_notify_v1 import ExtIdleNotifierV1

        from reprospective_tray.monitor.probes.wayland.protocols import KdeIdle

        for interface in (ExtIdleNotifierV1, KdeIdle):
            if connection.offers(interface.name):
                return cls(connection, connection.bind(interface))
        return None

    def idle_ms(self) -> int | None:
        """Return the ms since the last input at any seat, 0 for less than `PAUSE_MS`.

        None if there is no seat.
        """
        if not self._seats:
            return None
        now = steady_ms()
        return min(
            0 if seat.last_input is None else now - seat.last_input for seat in self._seats.values()
        )

    def watch(self, idle_ms: int) -> None:
        """Report the first input after `idle_ms` without any."""
        self._limit_ms = idle_ms

    def take_news(self) -> bool:
        """Tell whether there was an awaited input since the last call."""
        news, self._has_news = self._has_news, False
        return news

    def _add(self, number: int, version: int) -> None:
        proxy = self._connection.bind_number(self._seat_interface, number, version)
        seat = _Seat(proxy, self._ask(proxy))

        def on_idle(_notice: Any) -> None:
            seat.last_input = steady_ms() - PAUSE_MS

        def on_resumed(_notice: Any) -> None:
            self._resume(seat)

        for event in ("idle", "idled"):
            if event in {message.name for message in seat.notice.interface.events}:
                seat.notice.dispatcher[event] = on_idle
        seat.notice.dispatcher["resumed"] = on_resumed
        self._seats[number] = seat

    def _ask(self, seat: Any) -> Any:
        if hasattr(self._notifier, "get_idle_notification"):
            return self._notifier.get_idle_notification(PAUSE_MS, seat)
        return self._notifier.get_idle_timeout(seat, PAUSE_MS)

    def _remove(self, number: int) -> None:
        seat = self._seats.pop(number, None)
        if seat is not None:
            seat.notice.destroy()
            self._connection.let_go(seat.proxy)

    def _resume(self, seat: _Seat) -> None:
        before = self.idle_ms()
        seat.last_input = None
        if self._limit_ms is not None and before is not None and before >= self._limit_ms:
            self._has_news = True
