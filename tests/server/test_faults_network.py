"""The network between client and server cuts, goes silent or is slow: nothing is lost."""

import threading
import time
from contextlib import suppress

import pytest

from reprospective_tray.errors import ServerUnreachableError
from tests.bystander import Bystander, at_most
from tests.server.faults_computer import Computer
from tests.server.faults_hub import Hub
from tests.server.faults_recorder import Recorder
from tests.server.proxy import Proxy

CUTS = 20
DEADLINE_S = 1.0


def bytes_of_a_pass(desk: Computer, proxy: Proxy) -> dict[str, int]:
    to_server, to_client = proxy.bytes_to_server, proxy.bytes_to_client
    desk.sync(batch=5)
    return {
        "to_server": proxy.bytes_to_server - to_server,
        "to_client": proxy.bytes_to_client - to_client,
    }


@pytest.mark.parametrize("how", ["reset", "close"])
@pytest.mark.parametrize("direction", ["to_server", "to_client"])
@pytest.mark.long
def test_a_cut_after_any_number_of_bytes_costs_nothing(
    hub: Hub, proxy: Proxy, direction: str, how: str
) -> None:
    desk = hub.computer(place=proxy)
    desk.record(10, 0)
    whole = bytes_of_a_pass(desk, proxy)[direction]
    # All over the exchange, and at the last bytes, where the commit is done and its answer is not.
    places = [*range(0, whole, whole // CUTS), whole - 40, whole - 12, whole - 6, whole - 1]
    failed = 0
    for place in places:
        desk.record(10, (place, how))
        proxy.cut_after(**{direction: place}, how=how)
        with suppress(ServerUnreachableError):
            desk.sync(batch=5)
            failed -= 1
        failed += 1
        proxy.go_on()
        desk.sync(batch=5)
        hub.assert_keeps(desk)
    assert failed > CUTS


def test_a_commit_whose_answer_is_cut_is_told_apart_from_none(hub: Hub, proxy: Proxy) -> None:
    desk = hub.computer(place=proxy)
    desk.record(10, 0)

    def cut_the_first_answer():
        connection = desk.connect()
        proxy.cut_after(to_client=0)
        return connection

    with pytest.raises(ServerUnreachableError):
        desk.sync(via=cut_the_first_answer)
    assert proxy.was_cut()
    assert hub.server_rows().keys() == desk.settled().rows.keys()  # committed, unknown here
    desk.record(5, 1)
    passed = desk.sync()
    assert passed.fitted
    hub.assert_keeps(desk)


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_kept_connection_that_ended_between_two_passes_costs_no_pass(
    hub: Hub, proxy: Proxy, how: str
) -> None:
    desk = hub.computer(place=proxy)
    desk.record(5, 0)
    manager = desk.manager()
    manager.run(threading.Event())
    proxy.cut(how)
    desk.record(5, 1)
    manager.run(threading.Event())
    manager.close()
    hub.assert_keeps(desk)


def pass_while_recording(recorder: Recorder, desk: Computer, **how) -> tuple[float, list[float]]:
    """Make a pass that fails, and record meanwhile; return its seconds and those of each write."""
    ended, times, error = threading.Event(), [], []

    def sync() -> None:
        try:
            desk.sync(recorder, deadline_s=DEADLINE_S, **how)
        except ServerUnreachableError as raised:
            error.append(raised)
        ended.set()

    thread = threading.Thread(target=sync)
    begun = time.monotonic()
    thread.start()
    while not ended.wait(0.01):
        before = time.perf_counter()
        recorder.some(1)
        times.append(time.perf_counter() - before)
    thread.join()
    assert error
    return time.monotonic() - begun, times


@pytest.mark.parametrize("when", ["before the call", "in the call", "after the call"])
def test_a_silent_peer_ends_the_pass_at_its_deadline_and_recording_goes_on(
    hub: Hub, proxy: Proxy, bystander: Bystander, when: str
) -> None:
    desk = hub.computer(place=proxy)
    desk.record(5, 0)
    desk.sync()

    def then_silent():
        connection = desk.connect()
        proxy.go_silent(to_server=when == "in the call")
        return connection

    with desk.recording(1) as recorder:
        if recorder.current:
            recorder.close()
        recorder.open("a new one")
        uid = recorder.ledger.open_uid
        if when == "before the call":
            proxy.go_silent()
            seconds, times = pass_while_recording(recorder, desk)
        else:
            seconds, times = pass_while_recording(recorder, desk, via=then_silent)
        assert (uid in hub.server_rows()) == (when == "after the call")
    most = 2.0 if when == "before the call" else DEADLINE_S  # libpq connects for 2 s at least
    assert most - 0.1 < seconds
    assert bystander.allows(seconds, most + 1.0)
    assert len(times) > 20 / bystander.slowdown()
    assert bystander.allows(max(times), DEADLINE_S / 2)
    assert bystander.allows(sorted(times)[len(times) // 2], 0.05)
    proxy.go_on()
    desk.sync()
    hub.assert_keeps(desk)


def test_an_aborted_pass_ends_at_once_and_the_next_one_sends_everything(
    hub: Hub, proxy: Proxy
) -> None:
    desk = hub.computer(place=proxy)
    desk.record(5, 0)
    manager = desk.manager(deadline_s=30)
    manager.run(threading.Event())
    desk.record(5, 1)
    proxy.go_silent()
    timer = threading.Timer(0.2, manager.abort)
    timer.start()
    with at_most(2), pytest.raises(ServerUnreachableError):
        manager.run(threading.Event())
    timer.join()
    manager.close()
    proxy.go_on()
    desk.sync()
    hub.assert_keeps(desk)


def test_on_a_kept_connection_a_batch_takes_one_round_trip(hub: Hub, proxy: Proxy) -> None:
    desk = hub.computer(place=proxy)
    manager = desk.manager(batch=4)
    manager.run(threading.Event())
    proxy.latency = 0.02
    desk.record(30, 1)
    waiting = len(desk.local("SELECT 1 FROM desktop_activity_sessions WHERE synced = 0"))
    before = proxy.round_trips
    manager.run(threading.Event())
    assert proxy.round_trips - before == -(-waiting // 4)
    manager.close()
    hub.assert_keeps(desk)
