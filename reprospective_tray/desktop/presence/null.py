"""The watcher of a platform that says nothing: locked time counts as idle there."""

from collections.abc import Callable, Mapping

from reprospective_tray.desktop.presence.base import PresenceWatcher, Tell


class NullWatcher(PresenceWatcher):
    """Hears nothing."""

    def start(self, tell: Tell, log_out: Callable[[], None]) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def describe(self) -> Mapping[str, bool]:
        """Return that there is nothing."""
        return {}
