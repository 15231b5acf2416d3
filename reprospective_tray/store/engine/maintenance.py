"""Upkeep: what may become of a database while it is recorded into, and what is done about it.

The local file may be replaced or damaged under the recorder. A server may go
away and come back; its tables are not ours to mend.
"""

import logging
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import peewee

from reprospective_tray.errors import ServerDataError, StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.sqlite.errors import (
    is_damage,
    is_full,
    is_lock,
    sqlite_cause,
)

log = logging.getLogger(__name__)

_SALVAGE_RETRY_S = 10.0
_RETRY_S = 1.0
# How long the end waits for what goes on beside recording.
_HELPERS_S = 1.0
# A server that refuses a log-in must not be asked every second for ever.
_LONGEST_RETRY_S = 60.0

OnDamage = Callable[[Path], None]


class Upkeep(ABC):
    """Of one database; every method belongs to the recording thread."""

    # What says that a change can never be stored: waiting does not mend it. The last two are the
    # drivers' own: a number beyond 64 bits, a text that is none.
    unstorable: tuple[type[Exception], ...] = (
        *(peewee.IntegrityError, sqlite3.IntegrityError, ServerDataError),
        *(OverflowError, ValueError),
    )
    # How long the end waits for a database that is blocked, in seconds.
    last_s = 1.5
    # Whether what is opened anew holds what this run has written, its open session included.
    goes_on = False

    def __init__(self, errors: tuple[type[Exception], ...]) -> None:
        """Take what using the database may raise, `DatabaseAdapter.errors`; begin nothing yet."""
        # Of the disk come OSErrors: what is kept beside the database cannot be read or written.
        self.trouble: tuple[type[Exception], ...] = (*errors, StoreError, OSError)
        self.stopping = threading.Event()
        self.given_up = False
        self._helpers: list[threading.Thread] = []

    # What follows does nothing where nothing of the kind can happen.

    def opening(self, adapter: Any, busy_timeout_s: float) -> None:  # noqa: B027  not abstract
        """Prepare an adapter that is about to be opened."""

    def opened(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """See after an adapter that was opened, inside its connection, before it is written to."""

    def ready(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """Begin what goes on beside recording."""

    def is_lost(self, adapter: Any) -> bool:  # noqa: ARG002  a question that most never ask
        """Tell whether the adapter must be let go of, and opened anew."""
        return False

    def is_damaged(self, error: Exception | None = None) -> bool:  # noqa: ARG002  as above
        """Tell whether `error`, or what was found beside recording, means damage."""
        return False

    def set_aside(self, adapter: Any) -> None:  # noqa: B027  not abstract
        """Make room for a new database in place of a damaged one.

        Raises:
            OSError: it cannot be moved.
        """

    def check(self, adapter: Any, on_damage_found: Callable[[], None]) -> None:  # noqa: B027  not abstract
        """Look for damage beside recording; tell where there is any."""

    def retry_s(self, failures: int) -> float:  # noqa: ARG002  for those that grow tired
        """Return how long a blocked queue waits after so many failed attempts in a row."""
        return _RETRY_S

    @abstractmethod
    def problem(self, error: Exception) -> str:
        """Return what to tell the person of `error`; empty where it ends by itself."""

    def stop(self) -> None:
        """End what goes on beside recording."""
        self.stopping.set()
        until = time.monotonic() + _HELPERS_S
        for helper in self._helpers:
            helper.join(max(0.0, until - time.monotonic()))
        self._helpers.clear()
        self.stopping = threading.Event()  # one that is late has its own, and ends all the same

    def _help(self, name: str, work: Callable[[], None]) -> None:
        helper = threading.Thread(target=work, name=name, daemon=True)
        self._helpers.append(helper)
        helper.start()


class FileUpkeep(Upkeep):
    """The local file's: one that was replaced is opened anew, a damaged one set aside and read."""

    def __init__(self, errors: tuple[type[Exception], ...], on_damage: OnDamage) -> None:
        """Take what using the file may raise, and whom to tell where a damaged one was put."""
        super().__init__(errors)
        self._on_damage = on_damage
        self._damage_found = threading.Event()
        self._told: set[Path] = set()
        self._unfinished: list[Path] = []

    # What follows does nothing where nothing of the kind can happen.

    def opening(self, adapter: Any, busy_timeout_s: float) -> None:
        """See `Upkeep.opening`: another program's transaction must not hold up recording."""
        adapter.database.timeout = busy_timeout_s

    def opened(self, adapter: Any) -> None:
        """See `Upkeep.opened`: it goes on as the device of the file in whose place it is."""
        from reprospective_tray.store.sqlite.salvage import damaged_file as aside
        from reprospective_tray.store.sqlite.salvage import sessions as salvage

        pending = aside.pending(adapter.path)
        for damaged in salvage.adopt(pending, adapter):
            self._tell(damaged)
        self._unfinished = salvage.unfinished(adapter)
        for damaged in pending:
            if damaged not in self._unfinished:  # an earlier run was killed before it noted so
                aside.done(adapter.path, damaged)

    def ready(self, adapter: Any) -> None:
        """See `Upkeep.ready`: what a damaged file still has is taken over."""
        for damaged in self._unfinished:
            self._help("salvage", partial(self._take_over, damaged, adapter))

    def is_lost(self, adapter: Any) -> bool:
        """See `Upkeep.is_lost`: another file may lie at its path."""
        if not adapter.replaced:
            return False
        log.warning("the database %s was replaced: opening it anew", adapter.place)
        adapter.leave_no_wal()
        return True

    def is_damaged(self, error: Exception | None = None) -> bool:
        """See `Upkeep.is_damaged`."""
        return is_damage(error) if error else self._damage_found.is_set()

    def set_aside(self, adapter: Any) -> None:
        """See `Upkeep.set_aside`."""
        from reprospective_tray.store.sqlite.salvage import damaged_file as aside

        damaged = aside.set_aside(adapter.path)
        self._damage_found.clear()
        self._tell(damaged)

    def check(self, adapter: Any, on_damage_found: Callable[[], None]) -> None:
        """See `Upkeep.check`: read every page."""
        from reprospective_tray.store.sqlite.salvage import sessions as salvage

        stopping = self.stopping

        def read() -> None:
            if not salvage.is_sound(adapter.path, stopping):
                self._damage_found.set()
                on_damage_found()

        self._help("check", read)

    def _tell(self, damaged: Path) -> None:
        """Tell of a damaged file once, also where an earlier run was killed before it could."""
        if damaged not in self._told:
            self._told.add(damaged)
            self._on_damage(damaged)

    def _take_over(self, damaged: Path, adapter: Any) -> None:
        from reprospective_tray.store.sqlite.salvage import sessions as salvage

        told, stopping = False, self.stopping
        while not stopping.is_set():
            try:
                salvage.take_over(damaged, adapter, stopping)
            # The top of a thread: whatever it is, it is tried again, and at the next start.
            except Exception:
                if not told:
                    log.exception("not everything was taken over from %s yet", damaged)
                told = True
                stopping.wait(_SALVAGE_RETRY_S)
            else:
                return

    def problem(self, error: Exception) -> str:
        """See `Upkeep.problem`."""
        if is_lock(error):
            return ""
        if is_full(error):
            return _("The disk is full: sessions are kept in memory until there is room.")
        problem = _("The database cannot be written: {reason}. Sessions wait in memory.")
        return problem.format(reason=str(sqlite_cause(error)).rstrip("."))


class ServerUpkeep(Upkeep):
    """The server's: a connection that was lost is made anew."""

    goes_on = True
    last_s = 0.0

    def opening(self, adapter: Any, busy_timeout_s: float) -> None:  # noqa: ARG002  no such waiting here
        """See `Upkeep.opening`."""
        if self.given_up:
            raise StoreError(_("The program is ending."))

    def retry_s(self, failures: int) -> float:
        """See `Upkeep.retry_s`."""
        return float(min(_RETRY_S * 2 ** min(failures - 1, 10), _LONGEST_RETRY_S))

    def is_lost(self, adapter: Any) -> bool:
        """See `Upkeep.is_lost`."""
        if adapter.database.is_connection_usable():
            return False
        log.info("the connection to %s was lost", adapter.place)
        return True

    def problem(self, error: Exception) -> str:
        """See `Upkeep.problem`."""
        if self.given_up:
            return ""
        problem = _("The server cannot be written to: {reason}. Sessions wait in memory.")
        return problem.format(reason=str(error).rstrip(".。"))
