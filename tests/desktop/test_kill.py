"""SIGKILL at random moments: nothing closed is lost, the open session loses a heartbeat at most."""

import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.bystander import Bystander
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.script import Script, Stretch
from tests.desktop.windows import Windows, now_ms
from tests.support import User

ROUNDS = 8
HEARTBEAT_MS = 1_000
# What the last moments may cost beside the heartbeat: a change settles before it is written.
MARGIN_MS = 300
EXACT_MS = 50
# Shorter than this, what is in front is no session.
SHORTEST_S = 0.12


@dataclass(frozen=True, slots=True)
class Run:
    """One life of the app, ms since the epoch."""

    ready_at: int
    killed_at: int


def live_and_die(app: AppUnderTest, script: Script, life_s: float, longest_s: float) -> Run:
    """Let the app record for `life_s` seconds, then kill it in the middle of things."""
    started_at = now_ms()
    app.start()
    app.wait_for_row(f"open = 1 and ended_at >= {started_at}")
    ready_at = now_ms()
    moments: list[int] = []

    def kill() -> None:
        app.kill()
        moments.append(now_ms())

    timer = threading.Timer(life_s, kill)
    timer.start()
    try:
        script.play(life_s, shortest=SHORTEST_S, longest=longest_s)
    finally:
        timer.join()
    return Run(ready_at, moments[0])


def told(row: sqlite3.Row) -> tuple[str, str]:
    return row["application_name"], row["window_title"]


def assert_kept(rows: list[sqlite3.Row], stretch: Stretch) -> None:
    """A stretch that had ended in time has one row, with its times."""
    found = [
        row
        for row in rows
        if told(row) == stretch.names
        and row["started_at"] < stretch.ended_at
        and row["ended_at"] > stretch.started_at
    ]
    assert len(found) == 1, (stretch, [tuple(row) for row in found])
    assert abs(found[0]["started_at"] - stretch.started_at) <= EXACT_MS, stretch
    assert abs(found[0]["ended_at"] - stretch.ended_at) <= EXACT_MS, stretch


@pytest.mark.timeout(240)
def test_a_killed_app_loses_nothing_that_was_closed_and_a_heartbeat_of_what_was_open(
    make_app: Callable[..., AppUnderTest],
    desktop: VirtualDesktop,
    windows: Windows,
    user: User,
    bystander: Bystander,
) -> None:
    user.write_config("monitor: {heartbeat: 1}")
    chance = random.Random(20261124)  # noqa: S311  moments that repeat
    script = Script(windows, seed=20261124)
    runs = []
    for number in range(ROUNDS):
        app = make_app(desktop, *(["--no-tray"] if number % 2 else []))
        # Every second run dies in the middle of a long session.
        longest_s = 0.3 if number % 2 else 1.2
        # What lies close before a kill tells nothing: on a busy machine that is more of each life.
        life_s = chance.uniform(0.2, 2.2) + MARGIN_MS / 1000 * (bystander.slowdown() - 1)
        runs.append(live_and_die(app, script, life_s, longest_s))
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row("open = 1")
    truth = script.truth(now_ms())
    rows = app.rows()

    (going_on,) = [row for row in rows if row["open"]]
    assert going_on["started_at"] > runs[-1].killed_at
    assert len({row["uid"] for row in rows}) == len(rows)
    for row, after in pairwise(rows):
        # Killed before its first heartbeat, a session has no length.
        assert row["started_at"] <= row["ended_at"] <= after["started_at"], tuple(row)
    checked, margin_ms = 0, MARGIN_MS * bystander.slowdown()
    for run in runs:
        lived = [it for it in rows if run.ready_at <= it["ended_at"] <= run.killed_at]
        ended = [
            it
            for it in truth
            if it.started_at >= run.ready_at and it.ended_at <= run.killed_at - margin_ms
        ]
        for stretch in ended:
            assert_kept(rows, stretch)
        checked += len(ended)
        names = {it.names for it in truth if it.started_at <= run.killed_at}
        assert {told(row) for row in lived} <= names, "a session of what never was in front"
        until = max((row["ended_at"] for row in lived), default=run.ready_at)
        assert until >= run.killed_at - HEARTBEAT_MS - margin_ms
    assert checked >= ROUNDS, "the script did too little to tell"

    app.stop()
    assert app.rows("open = 1") == []
    totals = "select sum(ms) from desktop_activity_days"
    with closing(sqlite3.connect(app.database)) as connection:
        (in_rollup,) = connection.execute(totals).fetchone()
    assert in_rollup == sum(row["ended_at"] - row["started_at"] for row in app.rows())
