"""The notice at the very first start: what is recorded, where, and how to pause."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.monitor import no_window_messages
from reprospective_tray.runtime.state import program_state
from reprospective_tray.system.clock import now_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.monitor.probes.base import Lack
    from reprospective_tray.runtime.components import Components
    from reprospective_tray.system.paths import Paths

log = logging.getLogger(__name__)


class FirstStartNotice:
    """Shows the notice once something is recorded; until then it says what prevents that.

    For one thread at a time.
    """

    def __init__(self, components: Components, paths: Paths, notify: Callable[[str], None]) -> None:
        """Take the parts, where it is stored that the notice was shown, and what shows it."""
        self._components, self._paths, self._notify = components, paths, notify
        self._is_due: bool | None = None
        self._told: Lack | None = None

    def look(self) -> None:
        """Say what is due and was not said yet; costs nothing afterwards."""
        if self._is_due is None:
            self._is_due = program_state.load(self._paths).first_start_at is None
        if not self._is_due:
            return
        now = self._components.monitor.state
        if now.watching and not now.problem:
            self._greet()
        elif now.lack and not now.paused and now.lack is not self._told:
            self._told = now.lack
            self._show(no_window_messages.sentence(now.lack))

    def _greet(self) -> None:
        self._is_due = False
        loaded = self._components.loaded
        if loaded.config.database.local.type == "postgresql":
            text = _(
                "Now recording which window you use, directly to {place}. Pause or quit from "
                "the tray icon."
            ).format(place=self._components.reader.place)
        else:
            text = self._components.sending.first_start_notice(
                loaded.config.database_path(self._paths)
            )
        log.info("first start: %s", text)
        self._show(text)
        try:
            program_state.update(self._paths, first_start_at=now_ms())
        except ReprospectiveError as error:
            log.warning("%s", error)

    def _show(self, text: str) -> None:
        if self._components.loaded.config.notifications.first_start:
            self._notify(text)
