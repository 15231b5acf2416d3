"""The watcher on macOS: the distributed notifications of the lock, the workspace's of switching.

Not run on macOS as yet: its tests stand in for the system's calls. Sleep shows as a gap between
the clocks there. Notifications come by the main thread's run loop, which the tray icon runs:
with --no-tray none come.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from reprospective_tray.desktop.presence.base import PresenceWatcher, Tell
from reprospective_tray.desktop.presence.signs import Signs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

LOCKED, UNLOCKED = "com.apple.screenIsLocked", "com.apple.screenIsUnlocked"
SWITCHED_AWAY = "NSWorkspaceSessionDidResignActiveNotification"
SWITCHED_BACK = "NSWorkspaceSessionDidBecomeActiveNotification"


class MacosWatcher(PresenceWatcher):
    """Observes two notification centres, by PyObjC, which the tray icon needs there anyway."""

    def __init__(self, centres: tuple[Any, Any] | None = None) -> None:
        """Take the centres: the distributed one and the workspace's; without, the system's."""
        self._centres = centres
        self._observers: list[tuple[Any, Any]] = []
        self._signs: Signs | None = None

    def start(self, tell: Tell, log_out: Callable[[], None]) -> None:  # noqa: ARG002  SIGTERM comes
        """Observe; see `PresenceWatcher`."""
        self._signs = Signs(tell)
        try:
            distributed, workspace = self._centres or _system_centres()
        except ImportError as reason:
            log.warning("macOS does not tell when the screen is locked: %s", reason)
            return
        for centre, name, sign, on in (
            (distributed, LOCKED, "lock", True),
            (distributed, UNLOCKED, "lock", False),
            (workspace, SWITCHED_AWAY, "switch", True),
            (workspace, SWITCHED_BACK, "switch", False),
        ):
            observer = centre.addObserverForName_object_queue_usingBlock_(
                name, None, None, self._taker(sign, on=on)
            )
            self._observers.append((centre, observer))

    def stop(self) -> None:
        """Observe no more; see `PresenceWatcher`."""
        if self._signs:
            self._signs.close()
        for centre, observer in self._observers:
            centre.removeObserver_(observer)
        self._observers.clear()

    def describe(self) -> Mapping[str, bool]:
        """Return whether they are observed; see `PresenceWatcher`."""
        return {"lock notifications": bool(self._observers)}

    def _taker(self, sign: str, *, on: bool) -> Callable[[object], None]:
        signs = self._signs
        assert signs is not None

        def take(_notification: object) -> None:
            signs.lock(sign, on=on)

        return take


def _system_centres() -> tuple[Any, Any]:
    import AppKit
    import Foundation

    return (
        Foundation.NSDistributedNotificationCenter.defaultCenter(),
        AppKit.NSWorkspace.sharedWorkspace().notificationCenter(),
    )
