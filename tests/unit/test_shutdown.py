"""The end of a process: its steps in their order, and none of them holds it up.

How it can fail: a step or the main thread that never returns; a step that fails; a thread that the
interpreter would wait for; a thread that lets nobody else run.
"""

import subprocess
import sys
import textwrap
import time

import pytest

pytestmark = [
    pytest.mark.trust,
    pytest.mark.skipif(sys.platform == "win32", reason="ends with a signal of POSIX"),
]

PROMISED_S = 5.0
BEGIN = """
import ctypes, sys, threading, time
from reprospective_tray.runtime.shutdown import Shutdown, Step
def say(word): print(word, flush=True)
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
        said = []
        begun = time.monotonic()
        for line in process.stdout:
            said.append(line.strip())
            if said[-1] == "asked":
                begun = time.monotonic()
        code_of_end = process.wait(30)
    return code_of_end, said, time.monotonic() - begun


def test_stages_come_one_after_the_other_whatever_fails() -> None:
    code, said, took = run("""
        end = ending([step("first", fail)], [step("second")], [step("third")])
        say("asked"); end.ask(); end.ask(); end.wait(); say("main")
    """)
    assert (code, said) == (0, ["asked", "first", "second", "third", "main"])
    assert took < PROMISED_S


def test_a_step_that_hangs_costs_its_own_time_alone() -> None:
    code, said, took = run("""
        end = ending([step("first", hang), step("beside")], [step("second")])
        say("asked"); end.ask(); end.wait(); say("main")
    """)
    assert code == 0
    assert set(said[1:3]) == {"first", "beside"}
    assert said[3:] == ["second", "main"]
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
