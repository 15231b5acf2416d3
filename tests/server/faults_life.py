"""A computer that lives for long: it records, ships with bad luck, forgets and starts again."""

import random
import threading
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from reprospective_tray.errors import ServerUnreachableError
from reprospective_tray.store.forget.erase import forget
from reprospective_tray.store.forget.selection import TimeRange
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.postgres.connection.connection import Connection
from tests.server.faults_computer import Computer

if TYPE_CHECKING:
    from tests.server.history import Rows


class Unlucky:
    """A connection that loses the answer of one of its next calls, or never makes that call."""

    def __init__(self, made: Connection) -> None:
        self._made = made
        self.fails_in: int | None = None
        self.abort, self.close = made.abort, made.close

    @property
    def closed(self) -> bool:
        return self._made.closed

    def rows(self, sql, args=None, deadline_s=None):
        if self.fails_in is not None:
            self.fails_in -= 1
            if self.fails_in < 0:
                if self.fails_in == -1:
                    self._made.rows(sql, args, deadline_s)
                raise ServerUnreachableError("lost")
        return self._made.rows(sql, args, deadline_s)


class Life:
    """One computer that records until it ends, and its ways to change."""

    def __init__(self, computer: Computer, seed: object) -> None:
        self.computer = computer
        self.taken: Rows = {}
        self.stack = ExitStack()
        self.recorder = self.stack.enter_context(computer.recording(seed))
        self._made: Unlucky | None = None

    def restart(self, seed: object) -> None:
        self.stack.close()
        self.recorder = self.stack.enter_context(self.computer.recording(seed))

    def end(self) -> None:
        self.stack.close()
        if self._made:
            self._made.close()

    def _connection(self) -> Unlucky:
        self._made = Unlucky(self.computer.connect())
        return self._made

    def sync(self, *, batch: int = 1000, fails_in: int | None = None, **how: int) -> None:
        manager = self.computer.manager(self.recorder, batch=batch, via=self._again, **how)
        self._again_fails = fails_in
        before = self.computer.local_rows() if "retention" in how else {}
        with suppress(ServerUnreachableError):
            manager.run(threading.Event())
        if self._made:
            self._made.fails_in = None
        if before:
            gone = before.keys() - self.computer.local_rows().keys()
            self.taken |= {uid: before[uid] for uid in gone}
            self._note({"do": "taken", "uids": sorted(gone)})
        self._note_replaced()

    def _again(self) -> Unlucky:
        made = self._made if self._made and not self._made.closed else self._connection()
        made.fails_in, self._again_fails = self._again_fails, None
        return made

    def _note(self, change: dict) -> None:
        self.recorder.log.note(change)
        self.recorder.ledger.apply(change)

    def _note_replaced(self) -> None:
        """What the server had in a later version is here now, and is what goes on from here."""
        ledger, local = self.recorder.ledger.rows, self.computer.local_rows()
        mine = {uid: row for uid, row in ledger.items() if uid not in self.taken}
        other = {uid: row for uid, row in local.items() if row != mine[uid]}
        assert mine.keys() == local.keys()
        if other:
            assert all(row.rank >= mine[uid].rank for uid, row in other.items())
            self._note({"do": "replaced", "rows": {uid: asdict(row) for uid, row in other.items()}})

    def verify(self) -> None:
        manager = self.computer.manager(self.recorder, via=self._again)
        self._again_fails = None
        manager.verify(threading.Event())

    def forget(self, chance: random.Random) -> None:
        """Forget a range over a few sessions, none of them open."""
        recorder = self.recorder
        if recorder.current:
            recorder.close()
        rows = [row for row in recorder.ledger.rows.values() if not row.deleted]
        if not rows or self.taken:
            return
        since = chance.choice(rows).start + chance.randint(-20_000, 20_000)
        until = since + chance.randint(1, 90_000)
        before = self.computer.local_rows()
        forget(recorder.adapter, TimeRange(since, until))
        after = self.computer.local_rows()
        erased = [uid for uid in before if after[uid].deleted and not before[uid].deleted]
        fresh = {uid: row for uid, row in after.items() if uid not in before}
        cuts: list[tuple[str, str]] = []
        for old in erased:
            for start, end in ((before[old].start, since), (until, before[old].end)):
                piece = replace(before[old], start=start, end=end, open=0, revision=1)
                if end > start:
                    new = next(uid for uid, row in fresh.items() if row == piece)
                    del fresh[new]
                    cuts.append((old, new))
        assert not fresh
        self._note({"do": "forget", "since": since, "until": until, "pieces": cuts})
        recorder.pass_time()

    def assert_days_add_up(self) -> None:
        wanted: dict[str, int] = {}
        counted = [*self.computer.local_rows().values(), *self.taken.values()]
        for row in counted:
            if not (row.open or row.deleted):
                for piece in pieces(row.start, row.end, row.offset):
                    wanted[piece.day] = wanted.get(piece.day, 0) + piece.ended_at - piece.started_at
        found = self.computer.local("SELECT day, sum(ms) FROM desktop_activity_days GROUP BY day")
        assert dict(found) == wanted
