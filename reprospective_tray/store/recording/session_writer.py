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
    """Writes one device's sessions; use it inside the adapter's `connection()`.

    A run begins where the writer is made: `StepBack` moves this run's rows alone.
    The device is the adapter's, whichever that is at the time.
    """

    def __init__(self, adapter: DatabaseAdapter, source_host: str, run: int | None = None) -> None:
        """Write into `adapter` as the computer named `source_host`.

        `run` goes on with the run of another writer, by its `run`.
        """
        self._adapter = adapter
        self._session = adapter.models.Session
        self._key = self._session._meta.primary_key  # noqa: SLF001  peewee's public name for it
        self._source_host = source_host
        self._books = make_row_accounting(adapter)
        newest = self._books.newest(adapter.device_id)
        self._before_this_run = newest if run is None else run
        self._run_started_at: int | None = None
        # Of this run, what was recorded before the clock was set forward: it does not move either.
        self._settled_since, self._settled = 0, 0
        self._open_uid = ""  # of the session that this writer has seen begin, and not end

    @property
    def run(self) -> int:
        """What names this run: the number of the last row before it."""
        return self._before_this_run

    def recover(self) -> int:
        """Close what this device left open at its last heartbeat; return how many."""
        with self._adapter.writing():
            return self._close_left_open()

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply `changes` in order, all of them or none.

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
        """Return what earlier runs recorded beyond `since`: no new row may meet it."""
        session = self._session
        earlier = self._mine().where(self._before_run())
        # By index: an end beyond `since` is asked of what begins there, and of what lasts over it.
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
        # Of another uid, where one is named: "" is none.
        rows = [row for row in left.dicts() if row["uid"] != besides]
        for row in rows:
            if row["ended_at"] > row["started_at"]:
                self._change(row, open=0)
            else:
                self._erase(row)  # the end came before its first heartbeat: nothing lasted
        return len(rows)

    def _before_run(self) -> Any:
        """Return the condition for rows of earlier runs, or taken over from a damaged file."""
        session = self._session
        before = self._books.number <= max(self._before_this_run, self._settled)
        if self._run_started_at is not None:
            before |= session.started_at < self._run_started_at
        return before

    def _put(self, session: Session) -> None:
        # A session that the clock's step erased leaves room for one that begins before it.
        if self._run_started_at is None or session.started_at < self._run_started_at:
            self._run_started_at = session.started_at
        if session.open and session.uid != self._open_uid:
            # The end of the one before may have been lost where memory was full.
            self._close_left_open(besides=session.uid)
            self._open_uid = session.uid
        row = self._row(session)
        # Where nothing was written it is closed or erased already: that was the last word.
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
        """Let this run's rows that began before `since` stay where they are."""
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
        """Return where the last session of earlier runs that began before `moment` ends."""
        session = self._session
        rows = self._mine().where(self._before_run(), session.started_at < moment)
        last = rows.order_by(session.started_at.desc()).first()
        return last.ended_at if last else 0

    def _this_run_newest_first(self, until: int | None = None) -> Iterable[Row]:
        # By time: the pieces of what was clipped by forgetting have the newest ids. In pages,
        # because the loop changes what it walks over; what it moved back is not met again.
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
        """Change a living row, and the rollup with it."""
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
        """Leave a tombstone, so that the server hears of it."""
        table = self._session
        table.update(**TOMBSTONE, revision=table.revision + 1, **self._books.touched).where(
            table.uid == row["uid"]
        ).execute()
        if not row["open"]:
            self._books.uncount(row)
