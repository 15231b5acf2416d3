"""The tray icon: shows the app's state, and hands on what the person clicks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reprospective_tray.messages import _
from reprospective_tray.system.clock import now_ms
from reprospective_tray.tray.icons import backend as backends
from reprospective_tray.tray.icons.driver import appearance
from reprospective_tray.tray.state import AppState

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.tray.icons.driver import Driver
    from reprospective_tray.tray.menu import MenuAction


class TrayIcon:
    """The icon of the running program.

    `on_action` is called in the thread of the tray and must return at once. There is one icon
    in the life of a process: GTK and macOS want it so.
    """

    def __init__(
        self,
        on_action: Callable[[MenuAction], None],
        backend: backends.Backend | None = None,
        on_open: Callable[[], None] | None = None,
    ) -> None:
        """Take who does what the person clicks; the icon is seen only when it runs.

        Args:
            on_action: Takes a clicked action over, without doing it.
            backend: As `backend.choose` has it; None: ask it.
            on_open: Called just before the menu opens, where the tray tells: may `update` what
                it shows then, and must not wait.

        Raises:
            TrayUnavailableError: there can be no icon; says why and what to do.
        """
        self.backend = backend or backends.choose()
        self._driver = _driver(self.backend, on_action, on_open or _nothing)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._seen = appearance(AppState(), now_ms())
        self._driver.show(self._seen)

    @property
    def has_menu(self) -> bool:
        """Whether a person can reach the program's menu by the icon now."""
        return self.backend.has_menu and self.shown

    @property
    def shown(self) -> bool:
        """Whether a panel has taken the icon, as far as one can know."""
        return self._driver.shown

    @property
    def has_notifications(self) -> bool:
        """Whether `notify` works; where it does not, the desktop has a service for it."""
        return self._driver.has_notifications

    def notify(self, title: str, body: str) -> None:
        """Show a notification by the icon itself; only where `has_notifications`."""
        self._driver.notify(title, body)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until `stop` is called; blocks, and belongs to the main thread.

        Args:
            on_ready: Called once in this thread when signal handlers that are set will stay.

        Raises:
            TrayUnavailableError: the icon could not be shown, or ended by itself.
        """
        if self._stopped.is_set():
            return
        try:
            self._driver.run(on_ready)
        except backends.TrayUnavailableError:
            raise
        except Exception as error:
            # Whatever the desktop's libraries raise: it is the icon's end, not the program's.
            raise _ended(str(error)) from error
        if not self._stopped.is_set():
            raise _ended(_("its panel or display is gone"))

    def update(self, state: AppState) -> None:
        """Show `state` from now on; from any thread, without waiting.

        Nothing is woken when all that can be seen stays as it is.
        """
        seen = appearance(state, now_ms())
        with self._lock:
            if seen == self._seen:
                return
            self._seen = seen
            self._driver.show(seen)

    def stop(self) -> None:
        """Take the icon away and let `run` return; from any thread or signal handler."""
        self._stopped.set()
        self._driver.stop()


def _nothing() -> None:
    """Know of nothing that could be different when the menu opens."""


def _driver(
    backend: backends.Backend, on_action: Callable[[MenuAction], None], on_open: Callable[[], None]
) -> Driver:
    module = backends.load(backend.name)
    try:
        if backend.name in {backends.APPINDICATOR, backends.GTK}:
            from reprospective_tray.tray.icons.gtk import GtkDriver

            return GtkDriver(module, on_action, on_open)
        if backend.name == backends.XORG:
            from reprospective_tray.tray.icons.xorg import XorgDriver

            return XorgDriver(module, on_action)
        from reprospective_tray.tray.icons.plain import PlainDriver

        return PlainDriver(module, on_action, on_open)
    except Exception as error:
        # Whatever the desktop's libraries raise; recording goes on without an icon.
        raise _ended(str(error)) from error


def _ended(reason: str) -> backends.TrayUnavailableError:
    return backends.TrayUnavailableError(
        _("The tray icon has disappeared: {reason}").format(reason=reason),
        _("Recording continues. Start the program again to open its window."),
    )
