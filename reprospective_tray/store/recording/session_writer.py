"""SessionWriter: applies changes to the tables, each batch in one transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from reprospective_tray.store.backends import make_row_accounting
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.bounds import bounded
from reprospective_tray.store.model.ranges import reach
from reprospective_tray.store.model.sessions import (
    Change,
    Interval,
    Put,
    Rewind,
    Row,
    Session,
    StepBack,
)
from reprospective_tray.store.model.tombstones import TOMBSTONE

_PAGE = 100


class SessionWriter:
    """Writes one device's sessions; must be used in the adapter's `connection()`.

    A run begins when the writer is created; `StepBack` moves only this run's rows. The device is
    always the adapter's current one.
    """

    def __init__(self, adapter: DatabaseAdapter, source_host: str, run: int | None = None) -> None:
        """Write into `adapter` as the computer named `source_host`.

        Pass another writer's `run` to continue its run.
        """
        self._adapter = adapter
        self._session = adapter.models.Session
        self._key = self._session._meta.primary_key  # noqa: SLF001  peewee's public name for it
        self._source_host = source_host
        self._books = make_row_accounting(adapter)
        newest = self._books.newest(adapter.device_id)
        self._before_this_run = newest if run is None else run
        self._run_started_at: int | None = None
        # This run's rows up to `_settled` were recorded before the clock was set forward at
        # `_settled_since`, so they do not move.
        self._settled_since, self._settled = 0, 0
        self._open_uid = ""  # the session whose start, but not its end, this writer has written

    @property
    def run(self) -> int:
        """The id of this run: the number of the last row before it."""
        return self._before_this_run

    def recover(self) -> int:
        """Close this device's open sessions at their last heartbeat; return how many."""
        with self._adapter.writing():
            return self._close_left_open()

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply `changes` in order, in one transaction.

        Raises:
            peewee.PeeweeException: the database is locked, full or damaged.
        """
        seen = self._run_started_at, self._open_uid, self._settled_since, self._settled
        try:
            with self._adapter.writing():
                for change in changes:
                    match change:
                        case Put(session):
                            self._put(session)
                        case Rewind(moment):
                            self._rewind(moment)
                        case StepBack():
                            self._step_back(change)
        except BaseException:
            self._run_started_at, self._open_uid, self._settled_since, self._settled = seen
            raise

    def occupied(self, since: int) -> list[Interval]:
        """Return the times after `since` (ms) of earlier runs, which new rows must not overlap."""
        session = self._session
        earlier = self._mine().where(self._before_run())
        # The lower bound on the start lets an index find the rows that begin after or span `since`.
        near = earlier.where(session.started_at >= reach(session, self._adapter.device_id, since))
        rows = near.where(session.ended_at > since).order_by(session.started_at)
        return [(row.started_at, row.ended_at) for row in rows]

    def _mine(self) -> Any:
        session = self._session
        return session.select().where(
            session.device_id == self._adapter.device_id, session.deleted == 0
        )

    def _close_left_open(self, besides: str = "") -> int:
        session = self._session
        left = self._mine().where(session.open == 1)
        # All open rows except `besides`.
        rows = [row for row in left.dicts() if row["uid"] != besides]
        for row in rows:
            if row["ended_at"] > row["started_at"]:
                self._change(row, open=0)
            else:
                self._erase(row)  # ended before its first heartbeat, so it has no length
        return len(rows)

    def _before_run(self) -> Any:
        """Return the condition for rows of earlier runs or recovered from a damaged file."""
        session = self._session
        before = self._books.number <= max(self._before_this_run, self._settled)
        if self._run_started_at is not None:
            before |= session.started_at < self._run_started_at
        return before

    def _put(self, session: Session) -> None:
        # After a clock step erased a session, a new one may begin before it.
        if self._run_started_at is None or session.started_at < self._run_started_at:
            self._run_started_at = session.started_at
        if session.open and session.uid != self._open_uid:
            # The previous session's end may have been dropped from a full queue.
            self._close_left_open(besides=session.uid)
            self._open_uid = session.uid
        row = self._row(session)
        # If nothing was written, the row was already closed or erased and must not be counted.
        if self._books.put(row) and not session.open:
            self._books.count([row])

    def _row(self, session: Session) -> Row:
        row = {
            "uid": session.uid,
            "device_id": self._adapter.device_id,
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
        return bounded(row)

    def _rewind(self, moment: int) -> None:
        for row in self._this_run_newest_first():
            if row["ended_at"] <= moment and row["started_at"] < moment:
                return
            if row["started_at"] >= moment:
                self._erase(row)
            else:
                self._change(row, ended_at=moment, open=0)

    def _step_back(self, change: StepBack) -> None:
        self._settle(change.since)
        step = change.step
        next_start: int | None = None
        first_start = self._run_started_at
        for row in self._this_run_newest_first(change.until):
            beyond = row["ended_at"] > change.now
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

    def _settle(self, since: int) -> None:
        """Exclude this run's rows that began before `since` from moving."""
        if since != self._settled_since:
            session, number = self._session, self._books.number
            rows = session.select(number).where(
                session.device_id == self._adapter.device_id,
                number > self._before_this_run,
                session.started_at < since,
            )
            newest = rows.order_by(number.desc()).limit(1).scalar() if since else None
            self._settled_since, self._settled = since, int(newest or 0)

    def _end_before_run(self, moment: int) -> int:
        """Return the end of the last earlier-run session that began before `moment`; 0 for none."""
        session = self._session
        rows = self._mine().where(self._before_run(), session.started_at < moment)
        last = rows.order_by(session.started_at.desc()).first()
        return last.ended_at if last else 0

    def _this_run_newest_first(self, until: int | None = None) -> Iterable[Row]:
        # Sorted by time, because parts left by a deletion have the newest ids. In pages, because
        # the caller changes rows during iteration; `seen` skips rows that were moved back.
        session = self._session
        this_run = self._mine().where(
            self._books.number > max(self._before_this_run, self._settled)
        )
        if until is not None:
            this_run = this_run.where(session.started_at < until)
        if self._run_started_at is not None:
            this_run = this_run.where(session.started_at >= self._run_started_at)
        order = (session.started_at.desc(), self._key.desc())
        newest_first = this_run.order_by(*order).limit(_PAGE)
        query = newest_first
        key = self._key.name
        seen: set[object] = set()
        while page := list(query.dicts()):
            for row in page:
                if row[key] not in seen:
                    seen.add(row[key])
                    yield row
            last = page[-1]
            query = newest_first.where(
                session.started_at <= last["started_at"],
                (session.started_at < last["started_at"]) | (self._key < last[key]),
            )

    def _change(self, row: Row, **values: int) -> None:
        """Change a non-deleted row and update the rollup."""
        table = self._session
        after = row | values
        table.update(**values, revision=table.revision + 1, **self._books.touched).where(
            table.uid == row["uid"]
        ).execute()
        if not row["open"]:
            self._books.uncount(row)
        if not after["open"]:
            self._books.count([after])

    def _erase(self, row: Row) -> None:
        """Replace a row by a tombstone, so that the server learns of the deletion."""
        table = self._session
        table.update(**TOMBSTONE, revision=table.revision + 1, **self._books.touched).where(
            table.uid == row["uid"]
        ).execute()
        if not row["open"]:
            self._books.uncount(row)
