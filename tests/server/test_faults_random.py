"""Computers record, sync, fail, are cloned, rolled back and restored at random: nothing is lost."""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from reprospective_tray.store.model.ids import new_uid
from tests.server.faults_computer import Computer, row_of_another_device
from tests.server.faults_hub import Hub
from tests.server.faults_life import Life
from tests.server.history import Rows, assert_same, together
from tests.unit.recording import T0

ROUNDS = 600
LONG_ROUNDS = 4000
MOST_COMPUTERS = 3
SESSIONS = "desktop_activity_sessions"


def plain(rows: Rows) -> Rows:
    """Leave out what two copies of one file may say differently of what is gone or went on."""
    return {
        uid: replace(row, open=0)
        if not row.deleted
        else replace(row, open=0, revision=0, start=0, end=0, process_id=None)
        for uid, row in rows.items()
    }


class World:
    """The hub and its computers; each public method is something that can happen."""

    def __init__(self, hub: Hub, seed: int) -> None:
        self.hub = hub
        self.chance = random.Random(seed)  # noqa: S311  the same each time
        self.numbers = iter(range(1_000_000))
        self.lives: list[Life] = []
        self.lost: Rows = {}  # on the server, of files that are no more
        self.has_backup = False
        self.snapshots: list[tuple[Computer, Rows]] = []
        self._begin(hub.computer("first"))

    def _begin(self, computer: Computer) -> Life:
        self.lives.append(Life(computer, next(self.numbers)))
        return self.lives[-1]

    def _any(self) -> Life:
        return self.chance.choice(self.lives)

    def _fresh_folder(self) -> Path:
        return self.hub.folder / f"computer-{next(self.numbers)}"

    def record(self) -> None:
        self._any().recorder.some(self.chance.randint(1, 6))

    def sync(self) -> None:
        self._any().sync(batch=self.chance.choice((2, 10, 100, 1000)))

    def sync_and_fail(self) -> None:
        batch, fails_in = self.chance.choice((3, 10, 1000)), self.chance.randint(0, 3)
        self._any().sync(batch=batch, fails_in=fails_in)

    def restart(self) -> None:
        self._any().restart(next(self.numbers))

    def verify(self) -> None:
        self._any().verify()

    def import_some(self) -> None:
        start = T0 + self.chance.randint(0, 10_000_000)
        rows = {new_uid(start): row_of_another_device(start)}
        for life in self.chance.sample(self.lives, self.chance.randint(1, len(self.lives))):
            life.stack.close()
            life.computer.import_rows(rows)
            life.restart(next(self.numbers))

    def forget(self) -> None:
        self._any().forget(self.chance)

    def clone(self) -> None:
        if len(self.lives) < MOST_COMPUTERS:
            life = self._any()
            copy = life.computer.copy_to(self._fresh_folder(), host=f"pc {len(self.lives)}")
            self._begin(copy).taken = dict(life.taken)
        else:
            self._lose(self._any())

    def _lose(self, life: Life) -> None:
        """A computer is no more, when everything of it had arrived."""
        life.sync()
        life.sync()
        self.lost = together(self.lost, life.recorder.ledger.rows)
        life.end()
        shutil.rmtree(life.computer.folder)
        self.lives.remove(life)

    def roll_back(self) -> None:
        life = self._any()
        if self.snapshots and self.chance.random() < 0.5:
            older, taken = self.snapshots.pop()
            self._lose(life)
            self._begin(older).taken = taken
            self.has_backup = False
        else:
            self.snapshots = [(life.computer.copy_to(self._fresh_folder()), dict(life.taken))]

    def back_up_or_restore(self) -> None:
        if self.has_backup:
            self.hub.put_back()
            there = self.hub.server_rows()
            self.lost = {uid: there[uid] for uid in self.lost if uid in there}
            self.has_backup = self.chance.random() < 0.5
        else:
            self.hub.keep_copy()
            self.has_backup = True

    def take(self) -> None:
        """Retention: as if everything had been synced long ago."""
        life = self._any()
        life.sync()
        life.computer.local(f"UPDATE {SESSIONS} SET synced_at = 0 WHERE synced = 1")  # noqa: S608
        life.computer.local("DELETE FROM desktop_activity_meta WHERE key = 'retention.due'")
        life.sync(retention=1)
        life.restart(next(self.numbers))
        self.has_backup = False  # what is taken now would be nowhere after it
        self.snapshots.clear()

    def come_to_rest(self) -> None:
        """Everything is as it has to be, after a pass in which nothing goes wrong."""
        for _time in range(2):
            for life in self.lives:
                life.sync()
                life.verify()
                life.sync()
        for life in self.lives:
            life.sync()
        wanted = together(self.lost, *(life.recorder.ledger.rows for life in self.lives))
        assert_same(plain(wanted), plain(self.hub.server_rows()))
        for life in self.lives:
            local = life.computer.local_rows()
            # Of two copies that ended one session in one revision, the longer is on the server;
            # the other keeps its own until it is asked for it.
            mine = {
                uid: replace(wanted[uid], end=min(row.end, wanted[uid].end))
                if row.revision == wanted[uid].revision
                else wanted[uid]
                for uid, row in local.items()
            }
            assert_same(plain(mine), plain(local))
            life.assert_days_add_up()

    def live(self, rounds: int) -> None:
        events = {
            self.record: 50,
            self.sync: 16,
            self.sync_and_fail: 12,
            self.restart: 3,
            self.verify: 1,
            self.import_some: 2,
            self.forget: 4,
            self.clone: 3,
            self.roll_back: 3,
            self.back_up_or_restore: 4,
            self.take: 1,
        }
        for number in range(rounds):
            self.chance.choices(list(events), list(events.values()))[0]()
            if number % 200 == 199:
                self.come_to_rest()
        self.come_to_rest()
        for life in self.lives:
            life.end()


@pytest.mark.long
def test_whatever_happens_the_server_has_what_was_recorded_once(hub: Hub) -> None:
    World(hub, 1).live(ROUNDS)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_whatever_happens_for_long_the_server_has_what_was_recorded_once(hub: Hub) -> None:
    seed = random.randrange(1 << 32)  # noqa: S311  another each time
    print(f"seed {seed}")
    World(hub, seed).live(LONG_ROUNDS)
