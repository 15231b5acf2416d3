"""Presence: whether the person can be at the desk, as the desktop tells it. One file a platform."""

import sys

from reprospective_tray.desktop.presence.base import PresenceWatcher

__all__ = ["PresenceWatcher", "make_watcher"]


def make_watcher(platform: str = sys.platform) -> PresenceWatcher:
    """Return what hears of locks, sleep and log-out on `platform`; nothing is opened yet."""
    if platform == "linux":
        from reprospective_tray.desktop.presence.linux import LinuxWatcher

        return LinuxWatcher()
    if platform == "win32":
        from reprospective_tray.desktop.presence.windows import WindowsWatcher

        return WindowsWatcher()
    if platform == "darwin":
        from reprospective_tray.desktop.presence.macos import MacosWatcher

        return MacosWatcher()
    from reprospective_tray.desktop.presence.null import NullWatcher

    return NullWatcher()
