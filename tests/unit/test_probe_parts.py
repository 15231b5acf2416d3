"""The parts of the probes that need no desktop.

How it can fail: idle time of another counter, a title of an old program as garbage, a
process that has another's name, a wait that never ends or spins, a missing library that
ends the program, a counter of 32 bits that wraps to a month of idle time.
"""

import ctypes
import gc
import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import psutil
import pytest

from reprospective_tray.monitor import probes
from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.probes import null, system_idle
from reprospective_tray.monitor.probes.base import Lack, ProbeLostError
from reprospective_tray.monitor.probes.null import NullProbe
from reprospective_tray.monitor.probes.polling import PollingProbe
from reprospective_tray.monitor.probes.process_names import MOST, ProcessNames
from reprospective_tray.monitor.probes.x11 import front_window as x11_front
from reprospective_tray.monitor.probes.x11 import idle_alarms as xsync
from tests.bystander import at_most


def counters(*named: tuple[int, bytes]) -> bytes:
    """Return the server's list as the SYNC protocol has it: SYSTEMCOUNTERs, padded to 4."""
    found = b""
    for number, name in named:
        one = number.to_bytes(4, sys.byteorder) + bytes(8)
        one += len(name).to_bytes(2, sys.byteorder) + name
        found += one + bytes(-len(one) % 4)
    return found


@pytest.mark.parametrize(
    "before", [(), ((1, b"SERVERTIME"),), ((1, b"A"), (2, b"BB"), (3, b"CCC"), (4, b"DDDD"))]
)
def test_the_idle_counter_is_found_wherever_it_stands(before):
    listed = counters(*before, (0x3FE, b"IDLETIME"), (9, b"DEVICEIDLETIME 2"))
    assert xsync._find(listed, b"IDLETIME") == 0x3FE


@pytest.mark.parametrize(
    "listed",
    [
        b"",
        counters((1, b"SERVERTIME"), (2, b"DEVICEIDLETIME 2")),
        counters((7, b"IDLETIME"))[:20],
        counters((7, b"IDLETIME"))[:3],
    ],
)
def test_a_server_without_the_counter_or_with_half_an_answer_has_none(listed):
    assert xsync._find(listed, b"IDLETIME") == 0


def test_the_moment_of_an_event_is_counted_over_the_wrap_of_32_bits():
    arrived_at = 2**32 + 100
    assert x11_front._made_at(2**32 - 200, arrived_at) == arrived_at - 300
    assert x11_front._made_at(100, arrived_at) == arrived_at
    # Of another clock: from the future, or older than any delay.
    assert x11_front._made_at(101, arrived_at) == arrived_at
    assert x11_front._made_at(2**32 - 100_000, arrived_at) == arrived_at


def test_a_process_has_the_name_of_its_program():
    with subprocess.Popen(["sleep", "30"]) as process:
        try:
            assert ProcessNames().name(process.pid) == "sleep"
        finally:
            process.kill()


@pytest.mark.parametrize("process_id", [None, 0, -5, 2**22 + 1, 2**31, 2**40, 2**70])
def test_a_process_that_cannot_be_has_no_name(process_id):
    assert ProcessNames().name(process_id) == ""


def test_a_process_that_ended_has_no_name():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert ProcessNames().name(process.pid) == ""


def test_the_names_of_no_more_than_some_processes_are_remembered_and_the_latest_is():
    names = ProcessNames()
    names._known = {-number: (0.0, "long ago") for number in range(1, MOST + 1)}
    assert names.name(os.getpid()) != ""
    assert len(names._known) == MOST
    assert os.getpid() in names._known


def test_a_name_is_looked_up_once_and_again_when_the_number_has_another_process(monkeypatch):
    names = ProcessNames()
    asked = []
    whole_name = psutil.Process.name

    def name(process):
        asked.append(process.pid)
        return whole_name(process)

    monkeypatch.setattr(psutil.Process, "name", name)
    first = names.name(os.getpid())
    assert names.name(os.getpid()) == first != ""
    assert len(asked) == 1
    # The same number was another process's before: begun at another time.
    started, _name = names._known[os.getpid()]
    names._known[os.getpid()] = (started - 100, "somebody else")
    assert names.name(os.getpid()) == first
    assert len(asked) == 2


def test_a_windows_program_is_named_without_its_ending(monkeypatch):
    monkeypatch.setattr(psutil.Process, "name", lambda _process: "notepad.exe")
    assert ProcessNames().name(os.getpid()) == "notepad"


def test_a_process_that_may_not_be_asked_has_no_name(monkeypatch):
    def name(process):
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "name", name)
    assert ProcessNames().name(os.getpid()) == ""


def test_without_a_desktop_nothing_is_seen_and_looking_again_takes_a_while(monkeypatch):
    monkeypatch.setattr(null, "RETRY_S", 0.05)
    probe = NullProbe(Lack.DISPLAY, "there is no display")
    assert (probe.current(), probe.idle_ms(), probe.sees_windows) == (None, None, False)
    assert probe.trouble == "there is no display"
    assert probe.watch_idle(1000) is False
    begun = time.monotonic()
    with at_most(5), pytest.raises(ProbeLostError):
        probe.wait(10)
    assert time.monotonic() - begun >= 0.05
    probe.close()


def test_what_somebody_has_to_install_first_is_looked_for_less_often(monkeypatch):
    monkeypatch.setattr(null, "RETRY_S", 0.0)
    monkeypatch.setattr(null, "LATER_S", 0.1)
    begun = time.monotonic()
    probe = NullProbe(Lack.EXTENSION, "there is no extension")
    assert probe.wait(0.02) is None
    with at_most(5), pytest.raises(ProbeLostError):
        probe.wait(10)
    assert time.monotonic() - begun >= 0.1


def test_a_wait_without_a_desktop_can_be_ended():
    probe = NullProbe(Lack.DISPLAY, "none")
    timer = threading.Timer(0.05, probe.wake)
    timer.start()
    assert probe.wait(10) is None
    timer.join()


def test_without_a_display_the_probe_says_why_it_sees_nothing(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    probe = probes.open_probe(1.0)
    assert isinstance(probe, NullProbe)
    assert "no display" in probe.trouble


# python-xlib leaves its sockets to the garbage collector when nobody answers.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("name", [":4321", ":98765", "no display at all"])
def test_a_display_where_nobody_answers_is_no_error(monkeypatch, name):
    monkeypatch.setenv("DISPLAY", name)
    monkeypatch.setattr(sys, "platform", "linux")
    probe = probes.open_probe(1.0)
    assert isinstance(probe, NullProbe)
    assert probe.trouble.startswith("the display cannot be reached: ")
    gc.collect()


def test_pywinctl_that_cannot_be_loaded_ends_the_probe_and_not_the_program():
    # In a process of its own: the library remembers what it found at its first import.
    code = """
import os, sys
os.environ.pop("DISPLAY", None)
from reprospective_tray.monitor.probes.base import ProbeLostError
from reprospective_tray.monitor.probes.polling import PollingProbe
try:
    PollingProbe(1.0)
except ProbeLostError as reason:
    print("lost")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "lost"), done.stderr


@pytest.mark.parametrize("raised", [SystemExit(1), ImportError("xrandr"), ValueError("display")])
def test_whatever_pywinctl_raises_means_that_it_cannot_work_here(monkeypatch, raised):
    class Finder:
        @staticmethod
        def find_spec(name, _path=None, _target=None):
            if name == "pywinctl":
                raise raised

    monkeypatch.delitem(sys.modules, "pywinctl", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isinstance(probes.open_probe(1.0), NullProbe)


class FakeWindows:
    """What pywinctl offers, where no window can be shown."""

    def __init__(self, window):
        self._window = window

    def getActiveWindow(self):  # noqa: N802  pywinctl's name
        if isinstance(self._window, Exception):
            raise self._window
        return self._window


def polling(monkeypatch, window, interval_s: float = 1.0) -> PollingProbe:
    monkeypatch.setitem(sys.modules, "pywinctl", FakeWindows(window))
    return PollingProbe(interval_s)


def window(title, pid=0, handle=7):
    return SimpleNamespace(title=title, getPID=lambda: pid, getHandle=lambda: handle)


def test_a_polled_window_is_observed(monkeypatch):
    probe = polling(monkeypatch, window("Letter", os.getpid()))
    name = psutil.Process().name().removesuffix(".exe")
    assert probe.current() == Observation(name, "Letter", os.getpid(), 7)


@pytest.mark.parametrize(
    "seen", [None, UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), RuntimeError("BadWindow")]
)
def test_a_polled_window_that_is_gone_or_cannot_be_read_is_none(monkeypatch, seen):
    assert polling(monkeypatch, seen).current() is None


def test_a_polled_window_without_title_and_process_has_empty_names(monkeypatch):
    probe = polling(monkeypatch, window(None, handle="a handle of text"))
    seen = probe.current()
    assert (seen.application_name, seen.window_title, seen.process_id) == ("", "", None)
    assert isinstance(seen.window_id, int)


def test_polling_waits_for_the_interval_at_most_and_can_be_woken(monkeypatch):
    probe = polling(monkeypatch, None, 0.02)
    with at_most(5):
        assert probe.wait(10) == 0
    probe.wake()
    assert probe.wait(10) is None
    assert probe.wait(0.01) == 0
    probe.close()


def windows_calls(monkeypatch, last_input: int, now: int, answers: int = 1):
    def get_last_input_info(reference):
        info = reference._obj
        assert info.cbSize == ctypes.sizeof(info) == 8
        info.dwTime = last_input & 0xFFFFFFFF
        return answers

    # ctypes takes a DWORD for a signed int where nobody says otherwise.
    ticks = ctypes.c_int(now & 0xFFFFFFFF).value
    calls = SimpleNamespace(
        user32=SimpleNamespace(GetLastInputInfo=get_last_input_info),
        kernel32=SimpleNamespace(GetTickCount=lambda: ticks),
    )
    monkeypatch.setattr(ctypes, "windll", calls, raising=False)
    return system_idle.idle_source("win32")


@pytest.mark.parametrize(
    ("last_input", "now"),
    [(1000, 4000), (2**31 - 1000, 2**31 + 2000), (2**32 - 1000, 2**32 + 2000)],
)
def test_idle_time_on_windows_is_counted_over_every_wrap(monkeypatch, last_input, now):
    assert windows_calls(monkeypatch, last_input, now)() == 3000


def test_idle_time_on_windows_is_unknown_where_the_call_fails(monkeypatch):
    assert windows_calls(monkeypatch, 1, 2, answers=0)() is None


def test_idle_time_on_macos_is_in_ms(monkeypatch):
    asked = []

    class Seconds:
        restype = None

        def __call__(self, *arguments):
            assert self.restype is ctypes.c_double
            asked.append(arguments)
            return 12.3456

    library = SimpleNamespace(CGEventSourceSecondsSinceLastEventType=Seconds())
    monkeypatch.setattr(ctypes.cdll, "LoadLibrary", lambda _path: library)
    assert system_idle.idle_source("darwin")() == 12_345
    # The combined session's state and any event, as Apple's headers number them.
    assert asked == [(0, 0xFFFFFFFF)]


def test_idle_time_elsewhere_is_unknown():
    assert system_idle.idle_source("linux")() is None
