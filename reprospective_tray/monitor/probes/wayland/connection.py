"""A connection to a Wayland compositor: what it offers, and its events as they arrive."""

import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from reprospective_tray.monitor.probes.base import Lack, ProbeLostError

# A compositor answers at once; one that takes this long never will.
ANSWER_S = 2.0

OnGlobal = Callable[[int, int], None]
"""Called with the number and the version of what the compositor offers."""


class PywaylandMissingError(ProbeLostError):
    """The library cannot be loaded."""

    lack = Lack.PYWAYLAND


class WaylandConnection:
    """One connection; everything except `abort` belongs to one thread.

    Callbacks of the library must not raise: it would print the error and continue.
    """

    def __init__(self, display_name: str | None = None) -> None:
        """Connect to `display_name`, or to $WAYLAND_DISPLAY, and learn what is offered.

        Raises:
            PywaylandMissingError: pywayland, which it uses, is missing.
            ProbeLostError: no compositor answers there.
        """
        try:
            from pywayland.client.display import Display
        except ImportError as reason:
            raise PywaylandMissingError(str(reason)) from reason
        line = _connect(display_name)
        # The library owns one descriptor, and this copy of the connection can be cut.
        self._line = line.dup()
        self._display: Any = Display(line.detach())
        self._globals: dict[str, list[tuple[int, int]]] = {}
        self._followed: dict[str, tuple[OnGlobal, Callable[[int], None]]] = {}
        self._kept: list[Any] = []
        try:
            self._display.connect()
            self._registry = self._display.get_registry()
            self._registry.dispatcher["global"] = self._on_global
            self._registry.dispatcher["global_remove"] = self._on_removed
            self.complete()
        except (ProbeLostError, ValueError, RuntimeError) as reason:
            self.close()
            raise ProbeLostError(str(reason)) from reason

    @property
    def display(self) -> Any:
        """The library's display."""
        return self._display

    def offers(self, interface: str) -> bool:
        """Tell whether the compositor has `interface` now."""
        return bool(self._globals.get(interface))

    def bind(self, interface: Any) -> Any:
        """Return the proxy of the first object of a pywayland `interface`, to be kept.

        Raises:
            LookupError: the compositor has none.
        """
        number, version = self._globals[interface.name][0]
        return self.bind_number(interface, number, version)

    def bind_number(self, interface: Any, number: int, version: int) -> Any:
        """Return the proxy of one of several; the caller keeps it."""
        proxy = self._registry.bind(number, interface, min(version, interface.version))
        self._kept.append(proxy)
        return proxy

    def follow(self, interface: str, on_there: OnGlobal, on_gone: Callable[[int], None]) -> None:
        """Report each object of `interface`, those already there at once."""
        self._followed[interface] = on_there, on_gone
        for number, version in self._globals.get(interface, ()):
            on_there(number, version)

    def let_go(self, proxy: Any) -> None:
        """Stop keeping a bound `proxy`."""
        self._kept.remove(proxy)
        proxy.destroy()

    def fileno(self) -> int:
        """Return the descriptor that is readable when `take` has something to take."""
        return int(self._display.get_fd())

    def take(self) -> None:
        """Send what is waiting, and pass on what has arrived; does not wait.

        Raises:
            ProbeLostError: the compositor is gone.
        """
        try:
            self._display.dispatch()
            if self._display.flush() < 0 and not self._is_writable():
                raise ProbeLostError("the compositor takes nothing any more")
            if select.select([self.fileno()], [], [], 0)[0]:
                self._display.read()
                self._display.dispatch()
        except (RuntimeError, ValueError, OSError) as reason:
            raise ProbeLostError(f"the compositor hung up: {reason}") from reason

    def complete(self) -> None:
        """Wait until the compositor has answered every request.

        Raises:
            ProbeLostError: it is gone, or does not answer in time.
        """
        answered = False

        def on_done(_callback: Any, _serial: int) -> None:
            nonlocal answered
            answered = True

        callback = self._display.sync()
        callback.dispatcher["done"] = on_done
        deadline = time.monotonic() + ANSWER_S
        self.take()
        while not answered:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([self.fileno()], [], [], left_s)[0]:
                raise ProbeLostError("the compositor does not answer")
            self.take()

    def abort(self) -> None:
        """Cut the connection, so that its thread finds the compositor gone; from any thread."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Release all proxies, and close; never raises.

        The library crashes at the end of the process if a proxy outlives its display.
        """
        with suppress(RuntimeError, ValueError, OSError):
            self._display.disconnect()
        self._kept.clear()
        self._followed.clear()
        self._line.close()

    def _is_writable(self) -> bool:
        return bool(select.select([], [self._line], [], ANSWER_S)[1])

    def _on_global(self, _registry: Any, number: int, interface: str, version: int) -> None:
        self._globals.setdefault(interface, []).append((number, version))
        if interface in self._followed:
            self._followed[interface][0](number, version)

    def _on_removed(self, _registry: Any, number: int) -> None:
        for interface, there in self._globals.items():
            left = [one for one in there if one[0] != number]
            if len(left) < len(there):
                self._globals[interface] = left
                if interface in self._followed:
                    self._followed[interface][1](number)
                return


def _connect(display_name: str | None) -> socket.socket:
    """Return the socket of the compositor, as wl_display_connect finds it.

    Raises:
        ProbeLostError: nothing answers there.
    """
    name = display_name or os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    folder = os.environ.get("XDG_RUNTIME_DIR")
    if not Path(name).is_absolute() and not folder:
        raise ProbeLostError("XDG_RUNTIME_DIR is not set")
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    line.settimeout(ANSWER_S)
    try:
        line.connect(str(Path(folder or "/", name)))
    # ValueError: a path that is too long for a socket address, or has a zero byte.
    except (OSError, ValueError) as reason:
        line.close()
        raise ProbeLostError(f"{name}: {reason}") from reason
    line.settimeout(None)
    return line
