"""What every platform offers: a value that says whether the person can be at the desk."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from reprospective_tray.system.presence import Presence

Tell = Callable[[Presence], None]


class PresenceWatcher(ABC):
    """Hears what the desktop says, in threads of its own, or those of the desktop's library."""

    @abstractmethod
    def start(self, tell: Tell, log_out: Callable[[], None]) -> None:
        """Listen from now on; returns at once, whatever hangs.

        `tell` is called at each change, at the moment of it, and returns when
        recording knows; where the person is away, when it is on the disk: the
        computer sleeps after that. `log_out` is called when the person's session ends.
        """

    @abstractmethod
    def stop(self) -> None:
        """Listen no more; returns within a second."""

    @abstractmethod
    def describe(self) -> Mapping[str, bool]:
        """Return what is listened to, and whether it is there; at any time, from any thread."""
