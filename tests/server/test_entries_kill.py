"""SIGKILL at each step of a pass with entries in it: each arrives once, in its newest revision.

A pass changes no entry of the file, so what the file had before the kill has to be there after it,
and on the server.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.server.entries import add, central, entry, local, waiting, writing
from tests.server.faults_computer import Computer
from tests.server.faults_hub import Hub
from tests.server.killing import run_pass
from tests.server.test_faults_kill import Scene, stride

__all__ = ["stride"]


def first_pass(hub: Hub) -> Computer:
    """Nothing was sent yet."""
    desk = hub.computer()
    desk.record(6, 1)
    add(desk.path, *(entry(n) for n in range(7)))
    return desk


def changed_pass(hub: Hub) -> Computer:
    """Some was sent; since then entries were changed, deleted and added."""
    desk = first_pass(hub)
    desk.sync()
    first, second = entry(20), entry(21)
    add(desk.path, first, second)
    desk.sync()
    with writing(desk.path) as writer:
        writer.change(replace(first, note="changed"))
        writer.delete(second.uid)
        writer.add(entry(22))
    desk.record(3, 2)
    return desk


def restored_pass(hub: Hub) -> Computer:
    """The server is older than the file."""
    desk = first_pass(hub)
    desk.sync()
    hub.keep_copy()
    with writing(desk.path) as writer:
        writer.delete(next(iter(local(desk.path))))
        writer.add(entry(30))
    desk.sync()
    hub.put_back()
    return desk


def rolled_back_pass(hub: Hub) -> Computer:
    """The file is older than the server's memory of it: it becomes another device."""
    desk = first_pass(hub)
    desk.sync()
    copy = desk.copy_to(desk.folder.with_name("older"))
    desk.record(3, 5)
    desk.sync(batch=2)
    shutil.rmtree(desk.folder)
    add(copy.path, entry(40))
    copy.record(2, 6)
    return copy


@pytest.mark.parametrize(
    "begin",
    [
        first_pass,
        pytest.param(changed_pass, marks=pytest.mark.long),
        pytest.param(restored_pass, marks=pytest.mark.long),
        rolled_back_pass,
    ],
    ids=lambda begin: begin.__name__,
)
@pytest.mark.long
def test_a_kill_at_any_step_of_a_pass_neither_loses_nor_doubles_an_entry(
    hub: Hub,
    begin: Callable[[Hub], Computer],
    stride: int,
) -> None:
    scene = Scene(hub, begin(hub))
    wanted = local(scene.computer.path)
    steps = run_pass(scene.again("whole"), batch=20)
    assert steps is not None
    assert steps > 30
    for step in range(0, steps, stride):
        desk = scene.again(f"killed-{step}")
        assert run_pass(desk, step, batch=20) is None, f"it was not killed at step {step}"
        assert local(desk.path) == wanted
        desk.settled()
        desk.sync(batch=3)
        assert central(hub.database) == wanted, step
        assert waiting(desk.path) == [], step
        hub.assert_keeps(desk, lost=scene.there)
        shutil.rmtree(desk.folder)
