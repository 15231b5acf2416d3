"""The interface of all probes: the window in front, a wait for changes, and idle time."""

import time
from abc import ABC, abstractmethod
from enum import StrEnum

from reprospective_tray.monitor.observation import Observation

# Two times that differ by less than this mean the same input.
_JITTER_MS = 100


class Lack(StrEnum):
    """Why windows cannot be seen."""

    NOTHING = ""
    DISPLAY = "display"
    """There is no display, or it does not answer."""

    PYWAYLAND = "pywayland"
    """The library for Wayland is not installed."""

    EXTENSION = "extension"
    """GNOME's shell reports windows only through an extension."""

    WAY = "way"
    """This Wayland compositor reports windows in no known way."""

    CHOICE = "choice"
    """The way set in the config does not work here."""


class ProbeLostError(Exception):
    """The desktop can no longer be observed, or not at all: open a probe again later."""

    lack = Lack.DISPLAY


class NotOfferedError(ProbeLostError):
    """The desktop does not report windows in this probe's way."""

    lack = Lack.WAY


def steady_ms() -> int:
    """Return the time of the clock for ages, in ms; it never steps."""
    return time.monotonic_ns() // 1_000_000


class WindowProbe(ABC):
    """Observes one desktop. All methods except `wake` and `abort` belong to one thread."""

    name: str
    lack = Lack.NOTHING
    """Why it sees no windows; nothing if it sees them."""

    trouble = ""
    """Details about that, for diagnosis."""

    notes_each_change = False
    """Whether `current` is what was noted at the change that `wait` reported, not what is now."""

    learns_idle_s = 0.0
    """How long a pause must last to be reported, in s, if the time before opening is unknown."""

    @property
    def sees_windows(self) -> bool:
        """Whether windows are visible at all."""
        return self.lack is Lack.NOTHING

    @abstractmethod
    def current(self) -> Observation | None:
        """Return the window in front, None if there is none.

        Raises:
            ProbeLostError: the desktop is gone.
        """

    @abstractmethod
    def wait(self, timeout_s: float) -> int | None:
        """Wait until the window in front may have changed.

        Return how many ms ago that was, None if nothing changed.

        Raises:
            ProbeLostError: the desktop is gone.
        """

    @abstractmethod
    def wake(self) -> None:
        """End another thread's `wait` at once."""

    @abstractmethod
    def idle_ms(self) -> int | None:
        """Return the ms since the last input, None if the desktop does not report it.

        Raises:
            ProbeLostError: the desktop is gone.
        """

    def watch_idle(self, idle_ms: int) -> bool:  # noqa: ARG002  for the desktops that can
        """Let `wait` also end when idle time reaches `idle_ms`, and at the next input after it.

        Return whether this desktop can; if not, call `idle_ms` regularly.
        """
        return False

    def is_touched(self, within_ms: int) -> bool:
        """Tell whether the last input was less than `within_ms` ago; True if nothing reports it.

        If input is only reported from opening on, the next moments decide. Use it with a probe that
        no other thread waits for.

        Raises:
            ProbeLostError: the desktop is gone.
        """
        if self.learns_idle_s:
            watched_ms = int(2000 * self.learns_idle_s)
            until = steady_ms() + watched_ms
            while (left_ms := until - steady_ms()) > 0:
                self.wait(left_ms / 1000)
            # Without any input it is all of that time, or longer.
            within_ms = min(within_ms, watched_ms - _JITTER_MS)
        idle_ms = self.idle_ms()
        return idle_ms is None or idle_ms < within_ms

    def abort(self) -> None:  # noqa: B027  for desktops that can block
        """Let a call that blocks in the probe's thread raise `ProbeLostError`; from any thread."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect from the desktop; never raises."""
