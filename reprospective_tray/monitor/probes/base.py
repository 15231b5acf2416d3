"""What every probe offers: the window in front, a wait for change, and idle time."""

import time
from abc import ABC, abstractmethod
from enum import StrEnum

from reprospective_tray.monitor.observation import Observation

# Two times that mean the same input differ by less than this.
_JITTER_MS = 100


class Lack(StrEnum):
    """What keeps windows from being seen."""

    NOTHING = ""
    DISPLAY = "display"
    """There is none, or it does not answer."""

    PYWAYLAND = "pywayland"
    """The library that speaks Wayland is not installed."""

    EXTENSION = "extension"
    """GNOME's shell tells of windows by an extension alone."""

    WAY = "way"
    """This Wayland compositor tells of windows in no way that is known here."""

    CHOICE = "choice"
    """The way that the config names does not work here."""


class ProbeLostError(Exception):
    """The desktop cannot be observed any more, or not at all: open a probe anew later."""

    lack = Lack.DISPLAY


class NotOfferedError(ProbeLostError):
    """The desktop does not tell of windows in this probe's way."""

    lack = Lack.WAY


def steady_ms() -> int:
    """Return the ms of the clock by which ages are told; it never steps."""
    return time.monotonic_ns() // 1_000_000


class WindowProbe(ABC):
    """Observes one desktop. All methods but `wake` belong to one thread."""

    name: str
    lack = Lack.NOTHING
    """Why it sees no windows; nothing where it sees them."""

    trouble = ""
    """What was found out about that, for those who look into it."""

    notes_each_change = False
    """Whether `current` is what was noted at the change that `wait` told of, not what is now."""

    learns_idle_s = 0.0
    """How long a pause must last to be told, s, where what was before the opening is unknown."""

    @property
    def sees_windows(self) -> bool:
        """Whether windows are seen at all."""
        return self.lack is Lack.NOTHING

    @abstractmethod
    def current(self) -> Observation | None:
        """Return the window in front, None where there is none.

        Raises:
            ProbeLostError: the desktop is gone.
        """

    @abstractmethod
    def wait(self, timeout_s: float) -> int | None:
        """Wait until the window in front may have changed.

        Returns how many ms ago that was, None where nothing changed.

        Raises:
            ProbeLostError: the desktop is gone.
        """

    @abstractmethod
    def wake(self) -> None:
        """End a `wait` of another thread at once."""

    @abstractmethod
    def idle_ms(self) -> int | None:
        """Return the ms since the last input, None where the desktop does not tell.

        Raises:
            ProbeLostError: the desktop is gone.
        """

    def watch_idle(self, idle_ms: int) -> bool:  # noqa: ARG002  for the desktops that can
        """Let `wait` also end when idle time reaches `idle_ms` and at the next input after it.

        Returns whether this desktop can; otherwise ask `idle_ms` now and then.
        """
        return False

    def is_touched(self, within_ms: int) -> bool:
        """Say whether the last input was less than `within_ms` ago; True where nothing tells.

        Where input is told of from the opening on alone, the next moments decide: of a probe that
        nobody waits for elsewhere.

        Raises:
            ProbeLostError: the desktop is gone.
        """
        if self.learns_idle_s:
            watched_ms = int(2000 * self.learns_idle_s)
            until = steady_ms() + watched_ms
            while (left_ms := until - steady_ms()) > 0:
                self.wait(left_ms / 1000)
            # Without any input it is all that time, or longer.
            within_ms = min(within_ms, watched_ms - _JITTER_MS)
        idle_ms = self.idle_ms()
        return idle_ms is None or idle_ms < within_ms

    def abort(self) -> None:  # noqa: B027  for desktops that can block
        """Let a call that blocks in the probe's thread raise `ProbeLostError`; from any thread."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the desktop; never raises."""
