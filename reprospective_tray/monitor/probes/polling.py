"""The polling probe, using pywinctl, for desktops without events: Windows and macOS."""

import sys
import threading
from typing import Any

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.base import ProbeLostError, WindowProbe
from reprospective_tray.monitor.probes.process_names import ProcessNames
from reprospective_tray.monitor.probes.system_idle import idle_source


class PollingProbe(WindowProbe):
    """Asks for the window in front every `poll_interval_s`."""

    name = "pywinctl"

    def __init__(self, poll_interval_s: float) -> None:
        """Load pywinctl.

        Raises:
            ProbeLostError: it cannot work here.
        """
        try:
            # It ends the process if xrandr is missing, and raises various errors without
            # a display: neither may end recording.
            import pywinctl
        except (Exception, SystemExit) as reason:  # noqa: BLE001  see above
            raise ProbeLostError(str(reason)) from None
        self._pywinctl: Any = pywinctl
        self._poll_interval_s = poll_interval_s
        self._processes = ProcessNames()
        self._idle = idle_source(sys.platform)
        self._woken = threading.Event()

    def current(self) -> Observation | None:
        """Return the window in front; see `WindowProbe.current`."""
        try:
            window = self._pywinctl.getActiveWindow()
            if window is None:
                return None
            process_id = window.getPID() or None
            title = window.title
            handle = window.getHandle()
        # A window that disappears, or has a title in an unknown encoding, raises various
        # errors of the desktop's own library; the next poll sees the next window.
        except Exception:  # noqa: BLE001  see above
            return None
        number = handle if isinstance(handle, int) else hash(str(handle))
        return Observation.of(self._processes.name(process_id), title, process_id, number)

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the next poll, or for `timeout_s` if that is shorter."""
        woken = self._woken.wait(min(timeout_s, self._poll_interval_s))
        self._woken.clear()
        return None if woken else 0

    def wake(self) -> None:
        """End a `wait`."""
        self._woken.set()

    def idle_ms(self) -> int | None:
        """Return the ms since the last input, as the system reports them."""
        return self._idle()

    def close(self) -> None:
        """Do nothing: pywinctl keeps nothing open."""
