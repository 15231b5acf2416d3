"""Starts and stops sending in the running program, and answers for it.

`NotSending` does the same where the config turns it off: then no part of sending is loaded.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reprospective_tray.errors import ConfigError, ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.runtime.state import shown
from reprospective_tray.runtime.status import SYNC_OFF, sync_object
from reprospective_tray.sync import status_messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.config.keys import Sync
    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.sync.service import SyncDependencies
    from reprospective_tray.sync.sync_pass import Identity
    from reprospective_tray.system.paths import Paths
    from reprospective_tray.system.supervisor import Supervisor

log = logging.getLogger(__name__)

# The time that Quit gives the last pass, which sends the end of the open session: at most this,
# if nothing else has used it up.
LAST_PASS_S = 3.0
# What remains of it for disconnecting and for leaving the file as readers need it.
HANG_UP_S = 0.8

# How long a pass may take to end when other settings are applied.
LET_GO_S = 0.5


class CurrentIdentity:
    """The current recording thread: other settings bring another one."""

    def __init__(self, current: Callable[[], Identity]) -> None:
        """Take what returns it."""
        self._current = current

    def become_another_device(self) -> None:
        """See `Identity`."""
        self._current().become_another_device()

    def leave_open_session(self) -> None:
        """See `Identity`."""
        self._current().leave_open_session()


class NotSending:
    """Keeps everything on this computer."""

    def start(self) -> None:
        """Start, and say once what is kept on this computer from now on."""

    def refresh(self) -> None:
        """Read again how much is sent; called regularly."""

    def status(self) -> dict[str, object]:
        """Return the status object's part on sending: the contract's, and what the tray shows."""
        return {"sync": dict(SYNC_OFF)}

    def problem(self) -> str:
        """Return the message while sending keeps failing; empty otherwise."""
        return ""

    def answer(self, command: str, arguments: dict[str, object]) -> dict[str, object]:
        """Do what another process or a click asks for; does not wait.

        Raises:
            ReprospectiveError: it cannot be done.
        """
        del command, arguments
        raise is_off()

    def halt(self) -> None:
        """Start no further pass; does not wait. Afterwards the open session can end."""

    def let_go(self) -> None:
        """End, after `halt`, while recording continues; the successor sends what is waiting."""

    def stop(self, seconds: float) -> None:
        """Send what is still waiting, within `seconds`, and leave the file as readers need it."""


class Sending(NotSending):
    """Sends in the background."""

    def __init__(  # noqa: PLR0913  its parts, each named at the call
        self,
        loaded: LoadedConfig,
        paths: Paths,
        means: SyncDependencies,
        on_change: Callable[[], None],
        notify: Callable[[str], None],
        *,
        supervisor: Supervisor | None = None,
    ) -> None:
        """Take what is needed; nothing is loaded or run yet.

        Args:
            loaded: The current config.
            paths: Where the program's own state is.
            means: How the local file and the server are reached.
            on_change: Called when there is something new to show; must not wait.
            notify: Shows a notification.
            supervisor: Counts failed threads.
        """
        from reprospective_tray.sync.service import SyncService

        self._settings = loaded.config.database.sync
        self._means = means
        self._notifies = loaded.config.notifications.sync
        self._paths = paths
        self._notify = notify
        self._service = SyncService(
            means, self._settings.interval, on_change, self._say, supervisor
        )

    def start(self) -> None:  # noqa: D102  as above
        if text := retention_news(self._settings, self._paths):
            log.info("%s", text)
            if self._notifies:
                self._notify(text)
        self._service.start()

    def refresh(self) -> None:  # noqa: D102  as above
        self._service.refresh()

    def status(self) -> dict[str, object]:  # noqa: D102  as above
        standing, next_run_at = self._service.standing()
        return {
            "sync": sync_object(standing, next_run_at),
            "sync_reason": self._service.reason(),
            "pass": self._service.shown(),
        }

    def problem(self) -> str:  # noqa: D102  as above
        return self._service.problem()

    def answer(  # noqa: D102  as above
        self, command: str, arguments: dict[str, object]
    ) -> dict[str, object]:
        from reprospective_tray.sync.sync_request import SyncRequest

        if command == "sync_progress":
            number = arguments.get("id")
            return self._service.progress(number if isinstance(number, int) else 0)
        wish = SyncRequest(
            bool(arguments.get("verify")),
            bool(arguments.get("retry_refused")),
            speak_up=not arguments.get("followed"),
        )
        return {"id": self._service.request(wish)}

    def halt(self) -> None:  # noqa: D102  as above
        self._service.halt()

    def let_go(self) -> None:  # noqa: D102  as above
        self._service.stop(LET_GO_S)

    def stop(self, seconds: float) -> None:  # noqa: D102  as above
        if not self._service.stop(max(0.0, seconds - HANG_UP_S)):
            log.info("the server takes too long: waiting sessions are sent after the next start")
            return
        try:
            self._means.close_file()
        except ReprospectiveError as error:
            log.debug("%s", error)  # the monitor has said so

    def _say(self, text: str) -> None:
        log.warning("%s", text)
        if self._notifies:
            self._notify(text)


def is_off() -> ConfigError:
    """Return the error for a requested pass while the config has sending turned off."""
    return ConfigError(
        _("Sending is off: database.sync.enabled is false in the config."),
        _("Set it to true, and database.remote to your server."),
    )


def retention_news(settings: Sync, paths: Paths) -> str:
    """Return what retention does on this computer, if the person was not told yet.

    It counts as told from then on.
    """
    days = settings.retention_days
    if days is None or shown.load(paths).told_retention_days == days:
        return ""
    try:
        shown.update(paths, told_retention_days=days)
    except ReprospectiveError as error:
        log.warning("%s", error)
    return status_messages.retention(days)
