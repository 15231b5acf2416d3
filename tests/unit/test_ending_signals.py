"""A signal ends the program, whichever thread the system gives it to.

How it can fail: the main thread waits, the signal goes to another thread, and nobody hears of it.
"""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, threading
from reprospective_tray.ending_signals import EndingSignals

ended, other = threading.Event(), threading.Event()
signals = EndingSignals(ended.set)
signals.start()
threading.Thread(target=other.wait, daemon=True).start()
if sys.argv[2] == "another":
    signal.pthread_sigmask(signal.SIG_BLOCK, {int(sys.argv[1])})
threading.Timer(0.1, os.kill, (os.getpid(), int(sys.argv[1]))).start()
ended.wait()
signals.stop()
print("ended")
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="POSIX alone")
@pytest.mark.parametrize("thread", ["the main", "another"])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_ends_the_wait_of_the_main_thread_whichever_thread_takes_it(name, thread):
    command = [sys.executable, "-c", SCRIPT, str(int(getattr(signal, name))), thread.split()[-1]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.stdout, done.returncode) == ("ended\n", 0), done.stderr
