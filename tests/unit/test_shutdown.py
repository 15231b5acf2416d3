"""The end of a process: its steps in their order, and none of them holds it up.

How it can fail: a step or the main thread that never returns; a step that fails; a thread that the
interpreter would wait for; a thread that lets nobody else run.
"""

import subprocess
import sys
import textwrap
import threading
import time

import pytest

pytestmark = [
    pytest.mark.trust,
    pytest.mark.skipif(sys.platform == "win32", reason="ends with a signal of POSIX"),
]

PROMISED_S = 5.0
BEGIN = """
import ctypes, os, sys, threading, time
from reprospective_tray.runtime.shutdown import Shutdown, Step
def say(word): os.write(1, f"{word}\\n".encode())  # a line at once, whoever else says one
def hang(*_): time.sleep(3600)
def fail(*_): raise RuntimeError("made up")
def step(name, work=None, most_s=0.3):
    return Step(name, lambda seconds: (say(name), work and work(seconds)), most_s)
def ending(*stages):
    made = Shutdown(lambda: stages)
    made.start()
    return made
"""


def run(code: str) -> "tuple[int, list[str], float]":
    """Return how the process ended, what it said, and how many seconds its end took."""
    command = [sys.executable, "-c", BEGIN + textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # One that does not end shall be seen, not waited for.
        too_long = threading.Timer(30.0, process.kill)
        too_long.start()
        said = []
        begun = time.monotonic()
        for line in process.stdout:
            said.append(line.strip())
            if said[-1] == "asked":
                begun = time.monotonic()
        code_of_end = process.wait(30)
        too_long.cancel()
    return code_of_end, said, time.monotonic() - begun


def test_stages_come_one_after_the_other_whatever_fails() -> None:
    code, said, took = run("""
        import logging
        class Said(logging.Handler):
            def emit(self, record): say(record.getMessage())
        logging.getLogger().addHandler(Said())
        end = ending([step("first", fail)], [step("second")], [step("third")])
        say("asked"); end.ask(); end.ask(); end.wait(); say("main")
    """)
    assert code == 0
    assert said == ["asked", "first", "first could not be ended", "second", "third", "main"]
    assert took < PROMISED_S


def test_the_steps_of_a_stage_run_beside_each_other() -> None:
    code, said, took = run("""
        met = threading.Event()
        first = step("first", lambda seconds: say("met" if met.wait(seconds) else "alone"), 2.0)
        end = ending([first, step("beside", lambda _seconds: met.set())])
        say("asked"); end.ask(); end.wait(); say("main")
    """)
    assert (code, said[0], said[-1]) == (0, "asked", "main")
    assert sorted(said[1:-1]) == ["beside", "first", "met"]
    assert took < PROMISED_S


def test_a_step_that_hangs_costs_its_own_time_alone() -> None:
    code, said, took = run("""
        second = step("second", lambda seconds: say(f"{seconds} s are left for it"), 2.0)
        end = ending([step("first", hang), step("beside")], [second])
        say("asked"); end.ask(); end.wait(); say("main")
    """)
    assert code == 0
    assert set(said[1:3]) == {"first", "beside"}
    assert said[3:] == ["second", "2.0 s are left for it", "main"]
    assert took < PROMISED_S


def test_a_log_that_hangs_costs_nothing() -> None:
    # As on the disk for which nobody waits any longer.
    code, said, took = run("""
        import logging
        class Hangs(logging.Handler):
            def emit(self, record): say("log"); hang()
        logging.getLogger().addHandler(Hangs())
        end = ending([step("first", hang)], [step("second")])
        say("asked"); end.ask(); end.wait(); say("main")
    """)
    assert code == 0
    assert set(said) == {"asked", "first", "second", "log", "main"}
    assert took < PROMISED_S


@pytest.mark.parametrize(
    "main",
    [
        "hang()",
        "threading.Thread(target=hang).start(); end.wait()",
        "import atexit; atexit.register(hang); end.wait()",
        "end.wait(); hang()",
    ],
)
@pytest.mark.parametrize("steps", ["step('first')", "step('first', hang, 9.0)"])
def test_nothing_else_of_the_process_holds_it_up(main: str, steps: str) -> None:
    code, said, took = run(f"""
        end = ending([{steps}], [step("second")])
        say("asked"); end.ask(); {main}
    """)
    assert (code, said) == (0, ["asked", "first", "second"])
    assert took < PROMISED_S


def test_a_thread_that_lets_no_other_run_is_ended_by_the_system() -> None:
    # As a search of `re` that never ends.
    code, _said, took = run("""
        end = ending([step("first")])
        say("asked"); end.ask(); end.wait(); ctypes.PyDLL(None).sleep(3600)
    """)
    assert code < 0
    assert took < PROMISED_S


def test_a_main_thread_that_failed_ends_the_process_with_its_code() -> None:
    code, _said, took = run("""
        end = ending([step("first")])
        end.exit_code = 1
        say("asked"); end.ask(); hang()
    """)
    assert code == 1
    assert took < PROMISED_S
