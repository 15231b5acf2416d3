"""The probe of a computer whose windows cannot be seen: it waits for that to change."""

import threading
import time

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import Lack, ProbeLostError, WindowProbe

# A display that disappeared may be back soon; anything else has to be installed first.
RETRY_S, LATER_S = 2.0, 5.0


class NullProbe(WindowProbe):
    """Sees no window; after a while `wait` ends with `ProbeLostError`, to try again."""

    name = "none"

    def __init__(self, lack: Lack, trouble: str) -> None:
        """Create one because of `trouble`; nothing is opened."""
        self.lack, self.trouble = lack, trouble
        self._woken = threading.Event()
        self._retry_at = time.monotonic() + (RETRY_S if lack is Lack.DISPLAY else LATER_S)

    def current(self) -> Observation | None:
        """Return None."""
        return None

    def wait(self, timeout_s: float) -> int | None:
        """Wait, at most until it is time to look for a desktop again."""
        retry_s = max(self._retry_at - time.monotonic(), 0.0)
        if not self._woken.wait(min(timeout_s, retry_s)) and timeout_s >= retry_s:
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
