"""Times are held to bounds of a machine that is not shared."""

import subprocess
import time

import pytest

from installer import processes
from tests.bystander import Bystander, at_most, is_near
from tests.support import wait_until

BUSY = ["sh", "-c", "while :; do :; done"]


def test_what_takes_too_long_is_told():
    with pytest.raises(AssertionError, match=r"0\.02 s are allowed"), at_most(0.02):
        time.sleep(2)


def test_an_error_of_what_is_timed_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), at_most(0.1):
        1 / 0  # noqa: B018


def test_beside_busy_processes_work_takes_longer():
    with Bystander() as bystander:
        time.sleep(0.5)
        alone = bystander.slowdown()
        busy = [subprocess.Popen(BUSY) for _number in range(24)]
        try:
            began = time.monotonic()
            time.sleep(2)
            crowded = bystander.slowdown(began)
            now_crowded = processes.slowdown()
        finally:
            for each in busy:
                each.kill()
                each.wait()
    assert crowded > 1.5 * alone
    assert now_crowded > 1.5


def test_what_does_not_come_is_told_after_its_time():
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"waited 0\.2 s for the moon"):
        wait_until(lambda: False, 0.2, "the moon")
    assert time.monotonic() - began >= 0.2


def test_a_busy_machine_is_waited_for_longer(monkeypatch):
    monkeypatch.setattr(processes, "slowdown", lambda: 10.0)
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 0.3, 0.1, "what is late")
    with pytest.raises(TimeoutError):
        wait_until(lambda: time.monotonic() - began > 3, 0.1, "what is too late")


def test_moments_are_as_near_as_the_machine_lets_them_be(monkeypatch):
    monkeypatch.setattr(processes, "slowdown", lambda: 1.0)
    assert is_near(1_000, 1_020, 20)
    assert not is_near(1_021, 1_000, 20)
    monkeypatch.setattr(processes, "slowdown", lambda: 3.0)
    assert is_near(1_060, 1_000, 20)
    assert not is_near(1_000, 1_061, 20)
