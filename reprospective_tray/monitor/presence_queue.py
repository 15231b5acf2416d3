"""PresenceQueue: passes what the desktop reports about the person to the recording thread."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reprospective_tray.monitor.observation import Moment, read_clocks
from reprospective_tray.system.presence import Presence


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """What was reported, when, and the event that is set once it is recorded."""

    at: Moment
    presence: Presence
    recorded: threading.Event


class PresenceQueue:
    """What is waiting to be recorded; `put` is for other threads, the rest for the recorder's."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Take the function that wakes the recording thread."""
        self._wake = wake
        self._waiting: deque[PresenceChange] = deque()
        self.latest = Presence()
        """The present state, as far as it was taken."""

    def put(self, presence: Presence) -> threading.Event:
        """Report the state from this moment on; return an event that is set once it is recorded."""
        notice = PresenceChange(read_clocks(), presence, threading.Event())
        self._waiting.append(notice)
        self._wake()
        return notice.recorded

    def take(self, until: Moment | None = None) -> Iterator[PresenceChange]:
        """Yield what is waiting and was reported until `until`; by default everything.

        Each one is done when the next is requested; otherwise it stays waiting.
        """
        while self._waiting:
            notice = self._waiting[0]
            if until is not None and notice.at.steady > until.steady:
                return
            yield notice
            self.latest = notice.presence
            self._waiting.popleft()
            notice.recorded.set()

    def take_unrecorded(self) -> None:
        """Take what is waiting while nothing is recorded."""
        for _notice in self.take():
            pass
