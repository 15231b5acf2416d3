"""SIGKILL at each step of a pass and at random instants: what was recorded arrives, once."""

import random
import shutil
from collections.abc import Callable

import pytest

from tests.server.faults_computer import Computer
from tests.server.faults_hub import Hub
from tests.server.killing import kill_while_recording, run_pass

RANDOM_KILLS = 40
# Of the steps of a pass at which it is killed, one in so many; with --long every one.
QUICK_STRIDE = 3


class Scene:
    """A file and a server in a certain state, as often as it is wanted."""

    def __init__(self, hub: Hub, computer: Computer) -> None:
        self.hub, self.computer = hub, computer
        self._folder = computer.folder
        self.there = hub.server_rows()
        hub.keep_copy()

    def again(self, name: str) -> Computer:
        self.hub.put_back()
        copy = self._folder.with_name(name)
        shutil.copytree(self._folder, copy)
        return Computer(copy, self.computer.dsn, self.computer.host)


def first_pass(hub: Hub) -> Computer:
    """Nothing was sent yet; a session goes on."""
    desk = hub.computer()
    desk.record(16, 1)
    return desk


def mixed_pass(hub: Hub) -> Computer:
    """Some was sent; the server forgot one row, and is to forget a range."""
    desk = hub.computer()
    desk.record(14, 2)
    desk.sync()
    forgotten = desk.local(
        "SELECT uid FROM desktop_activity_sessions WHERE deleted = 0 AND open = 0 LIMIT 1"
    )[0][0]
    hub.rows(
        "UPDATE reprospective.desktop_activity_sessions SET deleted = 1, application_name = '',"
        " window_title = '', revision = revision + 1 WHERE uid = %s",
        forgotten,
    )
    desk.local("UPDATE desktop_activity_sessions SET synced = 0 WHERE uid = ?", forgotten)
    desk.note_elsewhere({"do": "erased", "uid": forgotten})
    desk.local(
        "INSERT INTO desktop_activity_range_orders VALUES"
        " ('01900000-0000-7000-8000-000000000000', json_array(?), 1, 2, NULL, 3, 0)",
        desk.device_id,
    )
    desk.record(6, 3)
    return desk


def rolled_back_pass(hub: Hub) -> Computer:
    """The file is older than the server's memory of it: it becomes another device."""
    desk = hub.computer()
    desk.record(10, 4)
    desk.sync()
    copy = desk.copy_to(desk.folder.with_name("older"))
    desk.record(3, 5)
    desk.sync(batch=2)
    shutil.rmtree(desk.folder)
    copy.record(4, 6)
    return copy


def restored_pass(hub: Hub) -> Computer:
    """The server is older than the file."""
    desk = hub.computer()
    desk.record(8, 7)
    desk.sync()
    hub.keep_copy()
    desk.record(8, 8)
    desk.sync()
    hub.put_back()
    desk.record(2, 9)
    return desk


@pytest.fixture
def stride(pytestconfig: pytest.Config) -> int:
    """How many steps lie between two kills."""
    return 1 if pytestconfig.getoption("--long") else QUICK_STRIDE


SCENES = [
    first_pass,
    *(pytest.param(each, marks=pytest.mark.long) for each in (mixed_pass, rolled_back_pass)),
    restored_pass,
]


@pytest.mark.parametrize("begin", SCENES, ids=lambda begin: begin.__name__)
def test_a_kill_at_any_step_of_a_pass_costs_nothing(
    hub: Hub, begin: Callable[[Hub], Computer], stride: int
) -> None:
    scene = Scene(hub, begin(hub))
    steps = run_pass(scene.again("whole"), batch=10)
    assert steps is not None
    assert steps > 30
    for step in range(0, steps, stride):
        desk = scene.again(f"killed-{step}")
        assert run_pass(desk, step, batch=10) is None, f"it was not killed at step {step}"
        desk.settled()
        desk.sync(batch=4)
        hub.assert_keeps(desk, lost=scene.there)
        shutil.rmtree(desk.folder)


@pytest.mark.long
def test_a_kill_at_any_step_and_then_a_backup_from_before_that_pass_costs_nothing(
    hub: Hub, stride: int
) -> None:
    desk = hub.computer()
    desk.record(8, 10)
    desk.sync()
    desk.record(4, 11)
    scene = Scene(hub, desk)
    steps = run_pass(scene.again("whole"))
    assert steps is not None
    for step in range(0, steps, stride):
        desk = scene.again(f"killed-{step}")
        assert run_pass(desk, step) is None
        hub.put_back()
        desk.sync()
        hub.assert_keeps(desk)
        shutil.rmtree(desk.folder)


@pytest.mark.long
def test_kills_of_recorder_and_sync_together_at_any_instant_cost_nothing(hub: Hub) -> None:
    desk, passes, kills = hub.computer(), 0, 0
    chance = random.Random(12)  # noqa: S311  the same each time
    # Some come after the first pass; on a busy machine that is seldom.
    while kills < RANDOM_KILLS or passes <= kills:
        passes += kill_while_recording(desk, kills, chance.random() / 10)
        desk.settled()
        kills += 1
    assert len(desk.settled().rows) > RANDOM_KILLS
    desk.sync()
    hub.assert_keeps(desk)
