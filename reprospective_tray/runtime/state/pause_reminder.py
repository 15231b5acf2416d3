"""Reminds once a day of a pause that has lasted since an earlier day."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from typing import TYPE_CHECKING

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.runtime.state import program_state
from reprospective_tray.system.clock import now_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.runtime.state.program_state import ProgramState
    from reprospective_tray.system.paths import Paths

log = logging.getLogger(__name__)

# How often the state file and the last input are checked while recording is paused.
LOOK_S = 60.0
# How long other checks in the same thread wait for a display.
ANSWER_S = 2.0


class PauseReminder:
    """Checks regularly whether a reminder is due; for one thread."""

    def __init__(
        self, paths: Paths, is_paused: Callable[[], bool], is_there: Callable[[], bool]
    ) -> None:
        """Take where the pause is stored, whether it lasts, and whether the person is present."""
        self._paths = paths
        self._is_paused = is_paused
        self._is_there = is_there
        self._looked_s = -LOOK_S
        self._asking: threading.Thread | None = None

    def look(self) -> str:
        """Return what to say now; empty for nothing. It counts as said from then on."""
        if not self._is_paused() or time.monotonic() - self._looked_s < LOOK_S:
            return ""
        self._looked_s = time.monotonic()
        now = now_ms()
        remembered = program_state.load(self._paths)
        if not is_due(remembered, now) or not self._is_there_in_time():
            return ""
        try:
            program_state.update(self._paths, told_paused_on=_day(now).isoformat())
        except ReprospectiveError as error:
            log.warning("%s", error)  # it would be repeated each minute
            return ""
        return sentence(remembered.paused_at or now)

    def _is_there_in_time(self) -> bool:
        """Ask whether the person is present; no second question while a display does not answer."""
        if self._asking and self._asking.is_alive():
            return False
        answers: list[bool] = []

        def ask() -> None:
            try:
                answers.append(self._is_there())
            # Whatever a display raises: the next look asks again.
            except Exception:
                log.exception("the person's presence could not be determined")

        self._asking = threading.Thread(target=ask, name="pause-reminder", daemon=True)
        self._asking.start()
        self._asking.join(ANSWER_S)
        return answers == [True]


def is_due(remembered: ProgramState, now: int) -> bool:
    """Tell whether a pause of an earlier day lasts at `now` (ms), and was not mentioned today."""
    if remembered.paused_at is None or not remembered.is_paused_at(now):
        return False
    today = _day(now)
    return _day(remembered.paused_at) < today and remembered.told_paused_on != today.isoformat()


def sentence(paused_at: int) -> str:
    """Return the reminder; `paused_at` is in ms since the epoch."""
    return _(
        "Tracking is still paused since {time}. Resume it from the tray icon, or with: "
        "reprospective-tray resume"
    ).format(time=f"{_local(paused_at):%Y-%m-%d %H:%M}")


def _local(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000).astimezone()


def _day(ms: int) -> dt.date:
    return _local(ms).date()
