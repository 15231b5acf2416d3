"""Retention: removes old sessions that are on the server from the local file; totals stay."""

import threading
import time
from typing import Any

from peewee import Case, fn

from reprospective_tray.store.model.sessions import DAY_MS
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.store.sqlite.rows.taken_times import TakenTimes

# Transactions must not block recording: each takes a few ms and is followed by an equal pause.
_ROWS_A_TRANSACTION = 100
_LEAST_REST_S = 0.005
# Longest time until the next check, so that a wrong clock cannot delay it for years.
_LOOK_AGAIN_MS = DAY_MS


class Retention:
    """Removes rows that are closed and synced in their newest revision."""

    def __init__(self, adapter: SqliteAdapter) -> None:
        """Remove rows from the file of `adapter`."""
        self._adapter = adapter
        self._facts = FileMeta(adapter)
        self._times = TakenTimes(adapter.models)

    def run(self, days: int, server_clock_ms: int, stop: threading.Event) -> int:
        """Remove rows that ended and were synced more than `days` before `server_clock_ms`.

        Must be called in the adapter's `connection()`. It ends early if `stop` is set. Returns the
        number of removed rows; their uids and times stay stored.

        Raises:
            peewee.PeeweeException: the file cannot be written.
        """
        if not self._is_due(days, server_clock_ms):
            return 0
        before = server_clock_ms - days * DAY_MS
        taken, since = 0, 0
        while not stop.is_set():
            begun = time.monotonic()
            if not (found := self._find_some(since, before)):
                self._put_off(days, before)
                break
            count = self._take(found, before)
            if count is None:
                break
            taken += count
            since = found[-1][1]
            stop.wait(max(time.monotonic() - begun, _LEAST_REST_S))
        return taken

    def _is_due(self, days: int, clock: int) -> bool:
        known = self._facts.get(MetaKey.RETENTION_DUE)
        return known is None or known[0] != days or not clock < known[1] <= clock + _LOOK_AGAIN_MS

    def _find_some(self, since: int, before: int) -> list[tuple[int, int]]:
        """Return id and start of removable rows that began at `since` or later, in order."""
        session = self._adapter.models.Session
        # Rows that ended before also began before; this bounds the scan of the index on the start.
        query = session.select(session.id, session.started_at).where(
            session.started_at >= since, session.started_at < before, *self._may_go(before)
        )
        return list(query.order_by(session.started_at).limit(_ROWS_A_TRANSACTION).tuples())

    def _take(self, found: list[tuple[int, int]], before: int) -> int | None:
        """Remove the found rows that are still removable; return how many, or None to stop."""
        session = self._adapter.models.Session
        with self._adapter.database.atomic("IMMEDIATE"):
            if self._facts.get(MetaKey.REOFFER) is not None:
                return None  # the server may have lost rows that are marked as synced
            these = session.id.in_([number for number, _start in found])
            columns = (
                *(session.id, session.uid, session.revision, session.device_id),
                *(session.source_host, session.started_at, session.ended_at),
            )
            rows = list(session.select(*columns).where(these, *self._may_go(before)).dicts())
            self._remember(rows)
            session.delete().where(session.id.in_([row["id"] for row in rows])).execute()
            return len(rows)

    def _may_go(self, before: int) -> tuple[Any, ...]:
        session = self._adapter.models.Session
        return (
            session.open == 0,
            session.deleted == 0,
            session.synced == 1,
            session.ended_at < before,
            session.synced_at < before,
        )

    def _remember(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        taken = self._adapter.models.Taken
        kept = [{"uid": row["uid"], "revision": row["revision"]} for row in rows]
        taken.insert_many(kept).on_conflict_replace().execute()
        self._times.add(rows)
        horizon = max(row["ended_at"] for row in rows)
        if horizon > self._facts.get(MetaKey.RETENTION_HORIZON, -1):
            self._facts.put(MetaKey.RETENTION_HORIZON, horizon)

    def _put_off(self, days: int, before: int) -> None:
        """Store when the next row becomes removable, to avoid needless scans of a large table."""
        session = self._adapter.models.Session
        later = session.ended_at > session.synced_at
        youngest = Case(None, [(later, session.ended_at)], session.synced_at)
        near = session.started_at < before + _LOOK_AGAIN_MS
        kept = (session.open == 0) & (session.deleted == 0) & (session.synced == 1)
        first = session.select(fn.MIN(youngest)).where(near, kept).scalar()
        clock = before + days * DAY_MS
        due = clock + _LOOK_AGAIN_MS
        if first is not None:
            due = min(due, first + days * DAY_MS + 1)
        self._facts.put(MetaKey.RETENTION_DUE, [days, max(due, clock + 1)])
