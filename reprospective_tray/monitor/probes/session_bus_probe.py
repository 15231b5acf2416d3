"""SessionBusProbe: what the probes have in common that somebody on the session bus tells."""

from collections.abc import Iterator
from contextlib import contextmanager

from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes.application_names import ApplicationNames
from reprospective_tray.monitor.probes.base import NotOfferedError, ProbeLostError, WindowProbe
from reprospective_tray.monitor.probes.process_names import ProcessNames
from reprospective_tray.monitor.probes.waker import Waker
from reprospective_tray.system.dbus import BusConnection, BusLostError, Follow
from reprospective_tray.system.dbus_address import session_address


class SessionBusProbe(WindowProbe):
    """Observes one desktop by the word of one service."""

    def __init__(self, who: str, answer_s: float) -> None:
        """Connect to the bus, where `who` would be, who answers within `answer_s`.

        Raises:
            NotOfferedError: there is no such bus, or it does not answer.
        """
        self._who, self._answer_s = who, answer_s
        self._names, self._processes = ApplicationNames(), ProcessNames()
        self._window: Observation | None = None
        self._is_there: bool | None = None  # None: not known yet
        address = session_address()
        if address is None:
            raise NotOfferedError(f"there is no session bus, where {who} would be")
        try:
            self._line = BusConnection(address, answer_s)
        except BusLostError as reason:
            raise NotOfferedError(f"the session bus, where {who} would be: {reason}") from reason
        self._waker = Waker()

    def current(self) -> Observation | None:
        """Return the window that was told of last; see `WindowProbe.current`."""
        return self._window

    def wake(self) -> None:
        """End a `wait` of another thread."""
        self._waker.wake()

    def abort(self) -> None:
        """Cut the connection; see `WindowProbe.abort`."""
        self._line.hang_up()

    def close(self) -> None:
        """Close the connection."""
        self._line.close()
        self._waker.close()

    @contextmanager
    def _closed_if_lost(self) -> Iterator[None]:
        """Close the probe if the desktop is lost while it opens."""
        try:
            yield
        except ProbeLostError:
            self.close()
            raise

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Let the end of the bus, or of the service, be that of the probe.

        Raises:
            ProbeLostError: it came.
        """
        try:
            yield
        except (BusLostError, OSError) as reason:
            raise ProbeLostError(f"{self._who} on the session bus: {reason}") from reason

    def _follow_service(self, follow: Follow) -> None:
        """Follow the service that tells of windows; the probe is lost with its owner of now.

        Raises:
            BusLostError: the bus is gone.
            NotOfferedError: nobody has the name.
        """
        self._line.follow(follow)
        self._line.listen_until(lambda: self._is_there is not None, self._answer_s)
        if not self._is_there:
            raise NotOfferedError(f"nobody on the session bus is {follow.name}")

    def _on_owner(self, there: bool) -> None:
        # A new owner knows nothing of the probe: one that was there and is replaced is gone.
        self._is_there = there and self._is_there is None
