"""PresenceQueue: carries what the desktop says of the person to the recording thread."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reprospective_tray.monitor.observation import Moment, read_clocks
from reprospective_tray.system.presence import Presence


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """What was said, when, and how its sayer hears that it is recorded."""

    at: Moment
    presence: Presence
    recorded: threading.Event


class PresenceQueue:
    """What waits to be recorded; `put` is for other threads, the rest for the recording one."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Take how the recording thread is woken."""
        self._wake = wake
        self._waiting: deque[PresenceChange] = deque()
        self.latest = Presence()
        """What holds, as far as it was taken."""

    def put(self, presence: Presence) -> threading.Event:
        """Say what holds from this moment on; returns an event, set once it is recorded."""
        notice = PresenceChange(read_clocks(), presence, threading.Event())
        self._waiting.append(notice)
        self._wake()
        return notice.recorded

    def take(self, until: Moment | None = None) -> Iterator[PresenceChange]:
        """Yield what waits and was said `until` then; by default all.

        Each is done with when the next is asked for, and waits on else.
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
        """Take what waits while nothing is recorded."""
        for _notice in self.take():
            pass
