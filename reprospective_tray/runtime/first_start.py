"""The very first start: a small window says what is recorded, where it stays, and how to pause.

It is remembered when the window could be seen. A start that ends in between is made up for, but
at most so often that nobody is greeted for ever.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.monitor import no_window_messages
from reprospective_tray.runtime.factories import make_passing_reader
from reprospective_tray.runtime.state import program_state, shown
from reprospective_tray.system.clock import now_ms

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.monitor.probes.base import Lack
    from reprospective_tray.runtime.components import Components
    from reprospective_tray.system.paths import Paths

log = logging.getLogger(__name__)

# How often the window is opened at most without having been seen.
MOST_TRIES = 3


class FirstStart:
    """Greets once something is recorded; until then it says what prevents that.

    A notification stands in where the window cannot be shown. For one thread at a time.

    Attributes:
        has_tray: Whether there is somebody to be greeted; false with ``--no-tray``.
    """

    def __init__(
        self,
        components: Components,
        paths: Paths,
        notify: Callable[[str], None],
        open_window: Callable[[], subprocess.Popen[bytes]],
    ) -> None:
        """Take the parts, where it is stored that it was shown, and what shows it."""
        self._components, self._paths = components, paths
        self._notify, self._open_window = notify, open_window
        self._is_due: bool | None = None
        self._told: Lack | None = None
        self._window: subprocess.Popen[bytes] | None = None
        self.has_tray = False

    def look(self) -> None:
        """Say what is due and was not said yet; costs nothing afterwards."""
        if self._is_due is None:
            self._is_due = program_state.load(self._paths).first_start_at is None
        if not self._is_due:
            return
        now = self._components.monitor.state
        if self._window is not None:
            self._await_window(self._window)
        elif now.watching and not now.problem:
            self._greet()
        elif now.lack and not now.paused and now.lack is not self._told:
            self._told = now.lack
            if self._is_wanted:
                self._notify(no_window_messages.sentence(now.lack))

    @property
    def _is_wanted(self) -> bool:
        return self._components.loaded.config.notifications.first_start

    def _greet(self) -> None:
        log.info("first start: %s", self._text())
        if not (self.has_tray and self._is_wanted) or shown.load(self._paths).first_start:
            self._remember()
            return
        try:
            self._try()
        except ReprospectiveError as error:
            log.warning("%s %s", error, error.remedy)
            self._notify_instead()

    def _try(self) -> None:
        """Open the window, unless that was tried often enough.

        Raises:
            ReprospectiveError: it cannot be opened here, or the try cannot be counted.
        """
        tries = program_state.load(self._paths).first_start_tries
        if tries >= MOST_TRIES:
            self._notify_instead()
            return
        program_state.update(self._paths, first_start_tries=tries + 1)
        self._window = self._open_window()

    def _await_window(self, window: subprocess.Popen[bytes]) -> None:
        # In this order: it writes down that it was seen before it ends.
        is_over = window.poll() is not None
        if shown.load(self._paths).first_start:
            self._remember()
        elif is_over:
            log.warning("the window of the first start could not be shown")
            self._notify_instead()

    def _notify_instead(self) -> None:
        self._notify(self._text())
        self._remember()

    def _text(self) -> str:
        return " ".join(lines(self._components.loaded, self._paths))

    def _remember(self) -> None:
        self._is_due = False
        try:
            program_state.update(self._paths, first_start_at=now_ms(), first_start_tries=0)
        except ReprospectiveError as error:
            log.warning("%s", error)


def lines(loaded: LoadedConfig, paths: Paths) -> tuple[str, str, str]:
    """Return what is said at the first start: what is recorded, where it stays, how to pause."""
    return (
        _("Now recording which window you use: its application, its title, and when."),
        _place(loaded, paths),
        _("Pause or quit at any time from the tray icon."),
    )


def _place(loaded: LoadedConfig, paths: Paths) -> str:
    database = loaded.config.database
    if database.local.type == "postgresql":
        place = make_passing_reader(loaded, paths).place
        return _("It is stored directly in {place}.").format(place=place)
    if not database.sync.enabled:
        return _("Everything stays on this computer.")
    from reprospective_tray.store.postgres.connection.address import ServerAddress

    return _("It is stored in {path} and sent to the {server}.").format(
        path=loaded.config.database_path(paths), server=ServerAddress.from_remote(database.remote)
    )
