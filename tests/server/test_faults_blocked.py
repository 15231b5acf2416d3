"""The server's disk is full, or its table is locked: recording goes on, and everything arrives."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from reprospective_tray.errors import ServerUnreachableError
from tests.bystander import Bystander
from tests.server.faults_hub import Hub, hub_on
from tests.server.servers import small_disk

LOCKED_S = 2.5
LONG_LOCKED_S = 30.0


def test_a_full_disk_of_the_server_mends_itself_and_refuses_no_row(tmp_path: Path) -> None:
    with small_disk() as disk, hub_on(disk.server, tmp_path) as hub:
        desk = hub.computer()
        desk.record(30, 1)
        desk.sync()
        with desk.recording(2) as recorder:
            for number in range(80):  # more than the free pages of the table hold
                recorder.open(f"{number} " + "".join(map(chr, range(4000, 8000))))
                recorder.close()
            disk.fill()
            for _time in range(3):
                with pytest.raises(ServerUnreachableError) as raised:
                    desk.sync(recorder, batch=20)
                recorder.some(5)
            assert raised.value.remedy
            assert desk.local("SELECT count(*) FROM desktop_activity_refused") == [(0,)]
            disk.free()
            desk.sync(recorder)
        desk.sync()
        hub.assert_keeps(desk)


def locked(hub: Hub, bystander: Bystander, seconds: float, deadline_s: float) -> None:
    """Lock the table for so long, and for some passes; record meanwhile, then send."""
    desk = hub.computer()
    desk.record(10, 1)
    desk.sync()
    times, errors, ended = [], [], threading.Event()
    with desk.recording(2) as recorder, closing(hub.database.connect()) as other:
        recorder.some(5)

        def sync() -> None:
            while not ended.is_set():
                try:
                    desk.sync(recorder, deadline_s=deadline_s)
                except ServerUnreachableError as error:
                    errors.append(error)

        other.autocommit = False
        other.cursor().execute(
            "LOCK TABLE reprospective.desktop_activity_sessions IN ACCESS EXCLUSIVE MODE"
        )
        thread = threading.Thread(target=sync)
        thread.start()
        until, passes = time.monotonic() + seconds, int(seconds / deadline_s) - 1
        while time.monotonic() < until or len(errors) < passes:
            before = time.perf_counter()
            recorder.some(1)
            times.append(time.perf_counter() - before)
            time.sleep(0.02)
        other.rollback()
        ended.set()
        thread.join()
        desk.sync(recorder)
    assert len(errors) >= passes >= 1
    # The disk of a busy machine takes its time now and then; a pass that waits takes the deadline.
    assert bystander.allows(max(times), min(deadline_s, 2.0))
    assert bystander.allows(sorted(times)[len(times) // 2], 0.05)
    hub.assert_keeps(desk)


def test_a_table_that_is_locked_for_longer_than_the_deadline_costs_nothing(
    hub: Hub, bystander: Bystander
) -> None:
    locked(hub, bystander, LOCKED_S, 0.8)


@pytest.mark.long
def test_a_table_that_is_locked_for_30_s_costs_nothing(hub: Hub, bystander: Bystander) -> None:
    locked(hub, bystander, LONG_LOCKED_S, 10.0)


def test_a_lock_that_passes_within_the_deadline_fails_no_pass(hub: Hub) -> None:
    desk = hub.computer()
    desk.record(10, 1)
    with closing(hub.database.connect()) as other:
        other.autocommit = False
        other.cursor().execute(
            "LOCK TABLE reprospective.desktop_activity_sessions IN ACCESS EXCLUSIVE MODE"
        )
        timer = threading.Timer(0.5, other.rollback)
        timer.start()
        desk.sync(deadline_s=20)
        timer.join()
    hub.assert_keeps(desk)
