"""The status of the running program: what `status`, the icon and the windows show."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reprospective_tray.errors import DamagedStoreError, StoreError
from reprospective_tray.monitor import no_window_messages
from reprospective_tray.monitor.probes.session_type import session_type
from reprospective_tray.runtime.status import status_object, today_active_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprospective_tray.monitor.desktop_monitor import MonitorState
    from reprospective_tray.runtime.components import Components
    from reprospective_tray.system.paths import Paths
    from reprospective_tray.system.supervisor import Supervisor


class StatusHere:
    """Reports the state of the running program; from any thread."""

    def __init__(
        self,
        components: Components,
        supervisor: Supervisor,
        paths: Paths,
        problems: tuple[Callable[[], str], Callable[[], str]],
        shown: Callable[[], Mapping[str, object]],
    ) -> None:
        """Take the parts that are asked.

        Args:
            components: Record and send.
            supervisor: Reports failed threads.
            paths: Where the log is.
            problems: Each returns a sentence or nothing: what is wrong with the settings, and why
                the program is paused although the person may not have wanted it.
            shown: Returns what else belongs in the object.
        """
        self._components, self._supervisor, self._paths = components, supervisor, paths
        self._settings_problem, self._pause_doubt = problems
        self._shown = shown

    def answer(self) -> dict[str, object]:
        """Return the whole status, as of now."""
        self._components.sending.refresh()
        return self.of(*self._today())

    def today_ms(self) -> int:
        """Return today's active time, in ms; also read again how much is sent."""
        self._components.sending.refresh()
        return self._today()[0]

    def of(self, today_ms: int, trouble: str = "") -> dict[str, object]:
        """Return it with today's active time; `trouble` is why that could not be read."""
        now = self._components.monitor.state
        mode, problem = self._mode(now), now.problem or trouble
        if not problem:
            problem = self._pause_doubt() if now.paused else no_window_messages.sentence(now.lack)
        if not problem:
            problem = self._components.sending.problem() or self._settings_problem()
            if problem and not now.paused:
                mode = "attention"
        problem = problem or self._supervisor.problem
        is_serious = self._supervisor.is_serious
        if is_serious:
            problem, mode = self._supervisor.problem, mode if now.paused else "attention"
        return status_object(
            pid=os.getpid(),
            paused=now.paused,
            paused_until=now.paused_until,
            today_ms=today_ms,
            data_path=self._components.reader.place,
        ) | {
            **self._components.sending.status(),
            "mode": mode,
            "application_name": now.application_name,
            "problem": problem,
            "session_type": session_type(os.environ),
            "lack": now.lack,
            "recording": now.watching and not now.paused,
            "settings_problem": self._settings_problem(),
            "log_folder": str(self._paths.log) if is_serious else "",
            "unreadable": bool(trouble),
            **self._shown(),
        }

    @staticmethod
    def _mode(now: MonitorState) -> str:
        if now.paused:
            return "paused"
        if now.problem or now.lack:
            return "attention"
        if now.locked:
            return "locked"
        return "idle" if now.idle else "recording"

    def _today(self) -> tuple[int, str]:
        """Return today's active ms, and why they could not be read."""
        try:
            return today_active_ms(self._components.reader), ""
        except DamagedStoreError as error:
            return 0, str(error)
        except StoreError:
            return 0, ""  # nothing is there yet, or the monitor reports it
