"""The probe of a computer whose windows cannot be seen: it waits for that to change."""

import threading

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import Lack, ProbeLostError, WindowProbe

RETRY_S = 2.0


class NullProbe(WindowProbe):
    """Sees no window; its first full `wait` ends with `ProbeLostError`, to look again."""

    name = "none"

    def __init__(self, lack: Lack, trouble: str) -> None:
        """Make one, because of `trouble`; nothing is opened."""
        self.lack, self.trouble = lack, trouble
        self._woken = threading.Event()

    def current(self) -> Observation | None:
        """Return None."""
        return None

    def wait(self, timeout_s: float) -> int | None:
        """Wait, at most until it is time to look for a desktop again."""
        if not self._woken.wait(min(timeout_s, RETRY_S)):
            raise ProbeLostError
        self._woken.clear()
        return None

    def wake(self) -> None:
        """End a `wait`."""
        self._woken.set()

    def idle_ms(self) -> int | None:
        """Return None."""
        return None

    def close(self) -> None:
        """Do nothing."""
