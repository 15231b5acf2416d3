"""A signal ends the sleep of the main thread, whenever it comes."""

import subprocess
import sys

import pytest

# The main thread of a process of its own: signals and their handlers are nobody else's.
ROUNDS = """
import os, queue, random, signal, threading, time
from reprospective_tray.main_sleep import MainSleep

actions, sleep, ended = queue.SimpleQueue(), MainSleep(), threading.Event()
signal.signal(signal.SIGTERM, lambda *_unused: actions.put("quit"))

def act():
    while True:
        actions.get()
        ended.set()
        sleep.wake()

def send():
    while True:
        go.acquire()
        until = time.perf_counter() + random.uniform(0, 0.0002)
        while time.perf_counter() < until:
            pass
        os.kill(os.getpid(), signal.SIGTERM)

go = threading.Semaphore(0)
for work in (act, send):
    threading.Thread(target=work, daemon=True).start()
for _round in range(20_000):
    ended.clear()
    go.release()
    WAIT
print("all")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_no_signal_is_lost_however_near_to_the_beginning_of_the_sleep_it_comes():
    script = ROUNDS.replace("WAIT", "sleep.until(ended)")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "all\n", done.stderr
