"""SessionWriter: applies changes to the tables, each batch in one transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

import peewee
from peewee import EXCLUDED

from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.prepared import Prepared
from reprospective_tray.store.ranges import reach
from reprospective_tray.store.rollup import Rollup
from reprospective_tray.store.sessions import Change, Put, Rewind, Session, StepBack

_PAGE = 100
_RECORDED = (
    *("uid", "device_id", "source_host", "state", "application_name", "window_title"),
    *("process_id", "started_at", "ended_at", "utc_offset_minutes", "open"),
)

Row = dict[str, Any]
Interval = tuple[int, int]


class SessionWriter:
    """Writes one device's sessions; use it inside the adapter's `connection()`.

    A run begins where the writer is made: `StepBack` moves this run's rows alone.
    """

    def __init__(self, adapter: DatabaseAdapter, source_host: str, run: int | None = None) -> None:
        """Write into `adapter` as the computer named `source_host`.

        `run` goes on with the run of another writer, by its `run`.
        """
        self._database = adapter.database
        self._session = adapter.models.Session
        self._device_id = adapter.device_id
        self._source_host = source_host
        self._rollup = Rollup(adapter)
        # Inserts a row, or brings it up to date while it is open.
        self._upsert = Prepared(adapter.database, _RECORDED, self._upsert_query)
        if run is None:
            ids = self._session.select(self._session.id).order_by(self._session.id.desc())
            run = int(ids.limit(1).scalar() or 0)
        self._last_id_before_run = run
        self._run_started_at: int | None = None

    def _upsert_query(self, row: Row) -> Any:
        table = self._session
        newest = {
            table.ended_at: EXCLUDED.ended_at,
            table.open: EXCLUDED.open,
            table.revision: table.revision + 1,
            table.synced: 0,
        }
        return table.insert(row).on_conflict(
            conflict_target=[table.uid], update=newest, where=table.open == 1
        )

    @property
    def run(self) -> int:
        """What names this run: the last id before it."""
        return self._last_id_before_run

    def recover(self) -> int:
        """Close what this device left open at its last heartbeat; return how many."""
        with self._database.atomic("IMMEDIATE"):
            return self._close_left_open()

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply `changes` in order, all of them or none.

        Raises:
            peewee.PeeweeException: the database is locked, full or damaged.
        """
        with self._database.atomic("IMMEDIATE"):
            for change in changes:
                match change:
                    case Put(session):
                        self._put(session)
                    case Rewind(moment):
                        self._rewind(moment)
                    case StepBack(step, now):
                        self._step_back(step, now)

    def occupied(self, since: int) -> list[Interval]:
        """Return what earlier runs recorded beyond `since`: no new row may meet it."""
        session = self._session
        earlier = self._mine().where(self._before_run())
        # By index: an end beyond `since` is asked of what begins there, and of what lasts over it.
        near = earlier.where(session.started_at >= reach(session, self._device_id, since))
        rows = near.where(session.ended_at > since).order_by(session.started_at)
        return [(row.started_at, row.ended_at) for row in rows]

    def _mine(self) -> Any:
        session = self._session
        return session.select().where(session.device_id == self._device_id, session.deleted == 0)

    def _close_left_open(self) -> int:
        left = list(self._mine().where(self._session.open == 1).dicts())
        for row in left:
            if row["ended_at"] > row["started_at"]:
                self._change(row, open=0)
            else:
                self._erase(row)  # the end came before its first heartbeat: nothing lasted
        return len(left)

    def _before_run(self) -> Any:
        """Return the condition for rows of earlier runs, or taken over from a damaged file."""
        session = self._session
        before = session.id <= self._last_id_before_run
        if self._run_started_at is not None:
            before |= session.started_at < self._run_started_at
        return before

    def _put(self, session: Session) -> None:
        if self._run_started_at is None:
            self._run_started_at = session.started_at
        row = self._row(session)
        try:
            written = self._upsert.execute(row)
        except peewee.IntegrityError:
            # The end of the one before may have been lost where memory was full.
            if not session.open or not self._close_left_open():
                raise
            written = self._upsert.execute(row)
        # Where nothing was written it is closed or erased already: that was the last word.
        if written and not session.open:
            self._rollup.add([row])

    def _row(self, session: Session) -> Row:
        return {
            "uid": session.uid,
            "device_id": self._device_id,
            "source_host": self._source_host,
            "state": session.state.value,
            "application_name": session.application_name,
            "window_title": session.window_title,
            "process_id": session.process_id,
            "started_at": session.started_at,
            "ended_at": session.ended_at,
            "utc_offset_minutes": session.utc_offset_minutes,
            "open": int(session.open),
        }

    def _rewind(self, moment: int) -> None:
        for row in self._this_run_newest_first():
            if row["ended_at"] <= moment and row["started_at"] < moment:
                return
            if row["started_at"] >= moment:
                self._erase(row)
            else:
                self._change(row, ended_at=moment, open=0)

    def _step_back(self, step: int, now: int) -> None:
        next_start: int | None = None
        first_start = self._run_started_at
        for row in self._this_run_newest_first():
            beyond = row["ended_at"] > now
            pushed = next_start is not None and row["ended_at"] > next_start
            if not (beyond or pushed):
                break
            end = row["ended_at"] - step
            start = max(row["started_at"] - step, self._end_before_run(end))
            if end <= start:
                self._erase(row)
            else:
                self._change(row, started_at=start, ended_at=end)
                first_start = start if first_start is None else min(first_start, start)
            next_start = row["started_at"] - step
        self._run_started_at = first_start

    def _end_before_run(self, moment: int) -> int:
        """Return where the last session of earlier runs that began before `moment` ends."""
        session = self._session
        rows = self._mine().where(self._before_run(), session.started_at < moment)
        last = rows.order_by(session.started_at.desc()).first()
        return last.ended_at if last else 0

    def _this_run_newest_first(self) -> Iterable[Row]:
        # In pages, because the loop changes what it walks over; by id, which no change touches.
        session = self._session
        this_run = self._mine().where(session.id > self._last_id_before_run)
        if self._run_started_at is not None:
            this_run = this_run.where(session.started_at >= self._run_started_at)
        newest_first = this_run.order_by(session.id.desc()).limit(_PAGE)
        query = newest_first
        while page := list(query.dicts()):
            yield from page
            query = newest_first.where(session.id < page[-1]["id"])

    def _change(self, row: Row, **values: int) -> None:
        """Change a living row, and the rollup with it."""
        table = self._session
        after = row | values
        table.update(**values, revision=table.revision + 1, synced=0).where(
            table.id == row["id"]
        ).execute()
        if not row["open"]:
            self._rollup.remove(row)
        if not after["open"]:
            self._rollup.add([after])

    def _erase(self, row: Row) -> None:
        """Leave a tombstone, so that the server hears of it."""
        table = self._session
        table.update(
            deleted=1,
            open=0,
            application_name="",
            window_title="",
            revision=table.revision + 1,
            synced=0,
        ).where(table.id == row["id"]).execute()
        if not row["open"]:
            self._rollup.remove(row)
