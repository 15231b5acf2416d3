"""ForgetService: deletes recordings in the running program while recording continues."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import msgspec

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor
    from reprospective_tray.store.forget.erase import Selection

log = logging.getLogger(__name__)

# This many fit into one request.
MOST_UIDS = 1_000
# Seconds that a change of settings waits for the end of a request; the next look tries again.
MOMENT_S = 1.0


class _Range(msgspec.Struct):
    """Times are ms; without `until` it ends now."""

    since: int
    until: int | None = None
    application: str | None = None


class _Chosen(msgspec.Struct, forbid_unknown_fields=True):
    """A request with uids must have no range: there is no clear meaning for both."""

    uids: Annotated[list[str], msgspec.Meta(max_length=MOST_UIDS)]


class ForgetService:
    """Deletes what other processes ask for, one request at a time."""

    def __init__(
        self, current: Callable[[], DesktopActivityMonitor], ended: threading.Event
    ) -> None:
        """Take what returns the current recorder, and what is set once the program ends."""
        self._current = current
        self._ended = ended
        self._busy = threading.Lock()
        self._stays = threading.Lock()  # the recorder is not replaced while this is held

    @contextmanager
    def put_off(self) -> Iterator[bool]:
        """Let requests wait meanwhile, so that the recorder can be replaced.

        Yields whether they do: not if a deletion takes longer than a moment.
        """
        is_put_off = self._stays.acquire(timeout=MOMENT_S)
        try:
            yield is_put_off
        finally:
            if is_put_off:
                self._stays.release()

    @property
    def _monitor(self) -> DesktopActivityMonitor:
        return self._current()

    def answer(self, arguments: dict[str, object]) -> dict[str, object]:
        """Delete a range of time, or sessions by their `uids`; return a `Forgotten` as values.

        Raises:
            ReprospectiveError: the request is not valid, another one is in progress, the
                program ended meanwhile, or the database cannot be written.
        """
        wanted = _read(arguments)
        # Not queued with the clicks: a large range takes minutes, and Quit must not wait.
        if not self._busy.acquire(blocking=False):
            raise ReprospectiveError(
                _("Another deletion is already running."),
                _("Wait until it has ended, then try again."),
            )
        try:
            with self._stays:  # a change of settings takes a moment
                return self._forget(
                    self._chosen(wanted) if isinstance(wanted, _Chosen) else self._range(wanted)
                )
        finally:
            self._busy.release()

    def _range(self, wanted: _Range) -> Selection:
        """End the open session, so that it writes nothing back, and return the range."""
        from reprospective_tray.store.forget.selection import TimeRange

        now = self._monitor.cut()
        until = now if wanted.until is None else min(wanted.until, now)
        return TimeRange(wanted.since, until, wanted.application, entries_until=wanted.until)

    def _chosen(self, wanted: _Chosen) -> Selection:
        """Return the sessions; if the open one is among them, it is ended first."""
        from reprospective_tray.store.forget.erase import ChosenSessions

        chosen = ChosenSessions(wanted.uids)
        if self._monitor.perform(chosen.holds_open_one):
            self._monitor.cut()
        return chosen

    def _forget(self, what: Selection) -> dict[str, object]:
        from reprospective_tray.store.forget.erase import Forgetting

        work = Forgetting(what)
        while self._monitor.perform(work.step):
            if self._ended.is_set():
                raise ReprospectiveError(
                    _("The program quit before everything was deleted."),
                    _("Run the same command again."),
                )
        log.info("deleted: %d sessions", work.done.sessions)
        return asdict(work.done)


def _read(arguments: dict[str, object]) -> _Range | _Chosen:
    try:
        if "uids" in arguments:
            return msgspec.convert(arguments, _Chosen)
        return msgspec.convert(arguments, _Range)
    except msgspec.ValidationError as error:
        raise ReprospectiveError(
            _("This names nothing that can be deleted."),
            _("It may be a different version. Quit it and start it again."),
        ) from error
