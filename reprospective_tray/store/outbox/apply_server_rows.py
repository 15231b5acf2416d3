"""ServerRowsApplier: replaces local rows and their totals with the server's newer versions."""

from collections.abc import Sequence

from reprospective_tray.store.model.bounds import bounded
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.model.tombstones import blanked
from reprospective_tray.store.outbox.outbox import Reference
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.rows.daily_totals import DailyTotals

# Each row also updates its daily totals; a larger transaction would block recording.
_ROWS_A_TRANSACTION = 20
_TAKEN = (
    *("device_id", "source_host", "state", "application_name", "window_title", "process_id"),
    *("started_at", "ended_at", "utc_offset_minutes", "deleted", "revision"),
)


class ServerRowsApplier:
    """Applies the server's versions of rows; must be called in the adapter's `connection()`."""

    def __init__(self, adapter: SqliteAdapter, device_id: str) -> None:
        """Change the file of `adapter`, whose current device is `device_id`."""
        self._database = adapter.database
        self._session = adapter.models.Session
        self._rollup = DailyTotals(adapter)
        self._device_id = device_id

    def take(self, versions: Sequence[tuple[Reference, Row]], clock: int) -> bool:
        """Replace rows that have not changed since they were sent.

        `versions` pairs each sent row with the server's row; `clock` is the server's time in ms
        UTC. Returns whether the open session was deleted on the server; if so, recording must
        continue under a new uid.
        """
        forgotten = False
        for first in range(0, len(versions), _ROWS_A_TRANSACTION):
            with self._database.atomic("IMMEDIATE"):
                for reference, row in versions[first : first + _ROWS_A_TRANSACTION]:
                    forgotten |= self._take(reference, row, clock)
        return forgotten

    def _take(self, reference: Reference, version: Row, clock: int) -> bool:
        session = self._session
        number, revision = reference
        this = (session.id == number) & (session.revision == revision)
        held: Row | None = session.select().where(this).dicts().first()
        if held is None:
            return False  # changed since: it will be sent again
        if held["open"] and held["device_id"] == self._device_id:
            if version["deleted"]:
                return True
            # The session being recorded is always newer than the server's version.
            session.update(revision=version["revision"] + 1).where(this).execute()
            return False
        # An open session of another device is not being recorded here.
        version = bounded(blanked(version))  # an older server may have stored more or longer text
        taken = {name: version[name] for name in _TAKEN}
        session.update(**taken, open=0, synced=1, synced_at=clock).where(this).execute()
        if not (held["open"] or held["deleted"]):
            self._rollup.remove(held)
        if not version["deleted"]:
            self._rollup.add([held | taken])
        return False
