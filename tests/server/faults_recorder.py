"""A recorder of the tests: made-up sessions, written by the real writer and kept in the log."""

import random
import threading
from collections.abc import Callable
from typing import Any

from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import (
    Put,
    Rewind,
    Session,
    State,
    StepBack,
)
from reprospective_tray.store.outbox import device_change
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.server.history import Kept, Ledger, Log
from tests.unit.recording import T0

TITLES = (
    *("a.py - Code", "", "100 % of it", "%s %(x)s", "\\u0000 and \\", 'it\'s "quoted"', "{curly}"),
    *("報告書.ods", "\N{GRINNING FACE} \N{MUSICAL SYMBOL G CLEF}", "two\nlines\tand a tab", "é"),
)
OFFSETS = (0, 60, 540, -480, 345)


class Recorder:
    """Records made-up sessions from one thread, on a clock of its own; see `Computer.recording`."""

    def __init__(self, adapter: SqliteAdapter, host: str, log: Log, ledger: Ledger, seed: Any):
        self.adapter = adapter
        self.log = log
        self.ledger = ledger
        self.random = random.Random(repr(seed))  # noqa: S311  the same each time
        ends = [row.end for row in ledger.rows.values()]
        self.clock = max([T0, *ends]) + 1000
        self.lock = threading.Lock()
        self.writer = SessionWriter(adapter, host)
        self._commit({"do": "run", "device": adapter.device_id, "host": host}, self.writer.recover)

    def _commit(self, change: dict[str, Any], commit: Callable[[], object]) -> None:
        self.log.begin(change)
        try:
            commit()
        except BaseException:
            self.log.undo()
            raise
        self.log.end()
        self.ledger.apply(change)

    def pass_time(self, ms: int | None = None) -> None:
        self.clock += self.random.randint(1, 60_000) if ms is None else ms

    @property
    def current(self) -> Session | None:
        uid = self.ledger.open_uid
        return None if uid is None else self._session(uid, self.ledger.rows[uid])

    @staticmethod
    def _session(uid: str, row: Kept) -> Session:
        return Session(
            uid,
            State(row.state),
            row.name,
            row.title,
            row.process_id,
            row.start,
            row.end,
            row.offset,
            bool(row.open),
        )

    def put(self, *sessions: dict[str, Any]) -> None:
        """Put sessions in one transaction, given as the log has them."""
        puts = []
        for values in sessions:
            kept = Kept(device="", host="", **{key: values[key] for key in values if key != "uid"})
            puts.append(Put(self._session(values["uid"], kept)))
        change = {"do": "put", "sessions": list(sessions)}
        self._commit(change, lambda: self.writer.apply(puts))

    def _fresh(self, title: str | None = None) -> dict[str, Any]:
        choose = self.random.choice
        state = choose(("active", "active", "active", "idle", "locked"))
        active = state == "active" or title is not None
        return {
            "uid": new_uid(self.clock),
            "state": "active" if active else state,
            "name": choose(("Code", "端末", "Firefox", "")) if active else "",
            "title": (choose(TITLES) if title is None else title) if active else "",
            "process_id": choose((None, 42)),
            "start": self.clock,
            "end": self.clock,
            "offset": choose(OFFSETS),
            "open": 1,
        }

    def _as_now(self, *, still_open: bool) -> dict[str, Any]:
        uid = self.ledger.open_uid
        assert uid is not None
        row = self.ledger.rows[uid]
        names = ("state", "name", "title", "process_id", "start", "offset")
        values = {name: getattr(row, name) for name in names}
        return {"uid": uid, **values, "end": max(self.clock, row.start), "open": int(still_open)}

    def open(self, title: str | None = None) -> None:
        self.put(self._fresh(title))

    def beat(self) -> None:
        self.pass_time()
        self.put(self._as_now(still_open=True))

    def close(self) -> None:
        self.pass_time()
        self.put(self._as_now(still_open=False))

    def switch(self) -> None:
        self.pass_time()
        self.put(self._as_now(still_open=False), self._fresh())

    def rewind(self) -> None:
        moment = self.clock - self.random.randint(0, 90_000)
        change = {"do": "rewind", "moment": moment}
        self._commit(change, lambda: self.writer.apply([Rewind(moment)]))

    def step_back(self, step: int | None = None) -> None:
        step = step or self.random.randint(61_000, 400_000)
        now = self.clock - step
        change = {"do": "step_back", "step": step, "now": now}
        self._commit(change, lambda: self.writer.apply([StepBack(step, now)]))
        self.clock = max([now, *(row.end for row in self.ledger.rows.values() if not row.deleted)])

    def some(self, count: int) -> None:
        """Do so many changes of any kind."""
        for _number in range(count):
            with self.lock:
                self.one()

    def one(self) -> None:
        if self.ledger.open_uid is None:
            self.pass_time()
            self.open()
            return
        kinds = (self.beat, self.close, self.switch, self.rewind, self.step_back)
        self.random.choices(kinds, (50, 25, 15, 6, 4))[0]()

    # What a pass asks of the one who records, from its own thread.

    def leave_open_session(self) -> None:
        with self.lock, self.adapter.connection():
            self.close()

    def become_another_device(self) -> None:
        with self.lock, self.adapter.connection():
            self.log.begin({"do": "identity"})
            renamed = device_change.become_another_device(self.adapter)
            old, new = (renamed.old_uid, renamed.new_uid) if renamed else (None, None)
            found = {"device": self.adapter.device_id, "old": old, "new": new}
            self.log.end(**found)
            self.ledger.apply({"do": "identity", **found})
