"""Keeps the pause in state.json, so that a restart does not undo it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.runtime.state import program_state
from reprospective_tray.system.clock import now_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.monitor.desktop_monitor import MonitorState
    from reprospective_tray.runtime.state.program_state import ProgramState
    from reprospective_tray.system.paths import Paths

log = logging.getLogger(__name__)

_Pause = tuple[bool, int | None]


class PauseMemory:
    """Writes the state at the time of writing, not an earlier request; any thread."""

    def __init__(self, paths: Paths, now: Callable[[], MonitorState]) -> None:
        """Take what returns the state of the recording."""
        self._paths = paths
        self._now = now
        self._writing = threading.Lock()
        self._written: _Pause | None = None  # None: the content of the file is unknown
        self._unread = ""

    def begin(self) -> ProgramState:
        """Return what is remembered at the start; an unreadable file is moved aside."""
        remembered = program_state.load(self._paths)
        if remembered.unread_pause:
            try:
                remembered = program_state.update(self._paths)
            except ReprospectiveError as error:
                log.warning("%s", error)  # the next start treats it as a pause again
        self._unread = remembered.unread_pause
        self._written = (remembered.paused, remembered.paused_until)
        return remembered

    def decided(self) -> None:
        """Note that the person has paused or resumed: nothing is in doubt any more."""
        self._unread, self._written = "", None

    def write(self) -> None:
        """Write the present pause if the file says something else.

        Raises:
            ReprospectiveError: it could not be written; the next `look` tries again.
        """
        with self._writing:
            now = self._now()
            pause = (now.paused, now.paused_until)
            if pause == self._written:
                return
            self._written = None
            changes: dict[str, object] = {"paused": now.paused, "paused_until": now.paused_until}
            if now.paused:
                changes["paused_at"] = now_ms()
            program_state.update(self._paths, **changes, unread_pause=self._unread)
            self._written = pause

    def look(self) -> None:
        """Write what could not be written before; called regularly, silent if it fails."""
        try:
            self.write()
        except ReprospectiveError as error:
            log.debug("%s", error)  # it was reported when it was requested

    @property
    def doubt(self) -> str:
        """Why the program is paused although the person may not want it; or empty."""
        return unread_pause(self._unread)


def unread_pause(place: str) -> str:
    """Return the message about a pause that cannot be read; `place` is its file, or empty."""
    if not place:
        return ""
    return _(
        "Tracking is paused because the saved state cannot be read and may contain a pause. "
        "Resume it from the tray icon, or with: reprospective-tray resume. The unreadable "
        "file: {file}"
    ).format(file=place)
