"""SqliteMaintenance: reopens a replaced file; moves a damaged one away and recovers its rows."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from reprospective_tray.messages import _
from reprospective_tray.store.engine.maintenance import Maintenance, OnDamage
from reprospective_tray.store.sqlite.file.errors import (
    is_damage,
    is_full,
    is_lock,
    sqlite_cause,
)

log = logging.getLogger(__name__)

_SALVAGE_RETRY_S = 10.0


class SqliteMaintenance(Maintenance):
    """Maintenance of the local file: handles replaced and damaged files."""

    def __init__(self, errors: tuple[type[Exception], ...], on_damage: OnDamage) -> None:
        """Take the file's exceptions, and the callback for the path of a damaged file."""
        super().__init__(errors)
        self._on_damage = on_damage
        self._damage_found = threading.Event()
        self._told: set[Path] = set()
        self._unfinished: list[Path] = []

    def opening(self, adapter: Any, busy_timeout_s: float) -> None:
        """See `Maintenance.opening`; a short timeout, so that other programs do not block it."""
        adapter.database.timeout = busy_timeout_s

    def opened(self, adapter: Any) -> None:
        """See `Maintenance.opened`; a new file takes over the damaged file's device id."""
        from reprospective_tray.store.sqlite.file import damaged_file
        from reprospective_tray.store.sqlite.salvage import recovery

        pending = damaged_file.pending(adapter.path)
        for damaged in recovery.adopt(pending, adapter):
            self._tell(damaged)
        self._unfinished = recovery.unfinished(adapter)
        for damaged in pending:
            if damaged not in self._unfinished:  # an earlier run was killed before storing this
                damaged_file.done(adapter.path, damaged)

    def ready(self, adapter: Any) -> None:
        """See `Maintenance.ready`; recovers rows of damaged files in helper threads."""
        for damaged in self._unfinished:
            self._help("salvage", partial(self._take_over, damaged, adapter))

    def is_lost(self, adapter: Any) -> bool:
        """See `Maintenance.is_lost`; it is lost if another file is at its path."""
        if not adapter.replaced:
            return False
        log.warning("the database %s was replaced and is opened again", adapter.place)
        adapter.leave_no_wal()
        return True

    def is_damaged(self, error: Exception | None = None) -> bool:
        """See `Maintenance.is_damaged`."""
        return is_damage(error) if error else self._damage_found.is_set()

    def set_aside(self, adapter: Any) -> None:
        """See `Maintenance.set_aside`."""
        from reprospective_tray.store.sqlite.file import damaged_file

        damaged = damaged_file.set_aside(adapter.path)
        self._damage_found.clear()
        self._tell(damaged)

    def check(self, adapter: Any, on_damage_found: Callable[[], None]) -> None:
        """See `Maintenance.check`; reads every page."""
        from reprospective_tray.store.sqlite.salvage import recovery

        stopping = self.stopping

        def read() -> None:
            if not recovery.is_sound(adapter.path, stopping):
                self._damage_found.set()
                on_damage_found()

        self._help("check", read)

    def _tell(self, damaged: Path) -> None:
        """Report a damaged file once, even if it was moved by an earlier, killed run."""
        if damaged not in self._told:
            self._told.add(damaged)
            self._on_damage(damaged)

    def _take_over(self, damaged: Path, adapter: Any) -> None:
        from reprospective_tray.store.sqlite.salvage import recovery

        told, stopping = False, self.stopping
        while not stopping.is_set():
            try:
                recovery.take_over(damaged, adapter, stopping)
            # Top of a thread: after any error it retries, and again at the next start.
            except Exception:
                if not told:
                    log.exception("recovering rows from %s failed; trying again", damaged)
                told = True
                stopping.wait(_SALVAGE_RETRY_S)
            else:
                return

    def problem(self, error: Exception) -> str:
        """See `Maintenance.problem`."""
        if is_lock(error):
            return ""
        if is_full(error):
            return _("The disk is full. Sessions are kept in memory until there is room.")
        problem = _("The database cannot be written: {reason}. Sessions are kept in memory.")
        return problem.format(reason=str(sqlite_cause(error)).rstrip("."))
