"""A signal ends the program, whichever thread the system gives it to.

How it can fail: the main thread waits, the signal goes to another thread, and nobody hears of it.
"""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, threading
from reprospective_tray.runtime.signal_handlers import SignalHandlers

ended, other = threading.Event(), threading.Event()
signals = SignalHandlers(ended.set)
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


STUCK_LOOP = """
import ctypes, os, signal, sys, threading
from types import SimpleNamespace
from gi.repository import GLib
from reprospective_tray.runtime.signal_handlers import SignalHandlers
from reprospective_tray.tray.icons.gtk import GtkDriver

def end():
    print("ended", flush=True)
    os._exit(0)

def hang():
    # As in a call to a display that does not answer; another thread takes the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {int(sys.argv[1])})
    hangs.set()
    ctypes.CDLL(None).sleep(60)

hangs, other = threading.Event(), threading.Event()
threading.Thread(target=other.wait, daemon=True).start()
signals = SignalHandlers(end)
signals.start()
driver = GtkDriver.__new__(GtkDriver)
driver._glib, driver._loop, driver._next = GLib, GLib.MainLoop.new(None, False), None
driver._lock, driver._icon = threading.Lock(), SimpleNamespace(start=lambda *_: None)

def send():
    hangs.wait()
    os.kill(os.getpid(), int(sys.argv[1]))

threading.Thread(target=send, daemon=True).start()
GLib.idle_add(hang, priority=GLib.PRIORITY_DEFAULT)
driver.run(signals.take)
"""


@pytest.mark.trust
@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="POSIX alone")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_is_heard_while_the_main_loop_of_the_tray_hangs(name):
    pytest.importorskip("gi")
    command = [sys.executable, "-c", STUCK_LOOP, str(int(getattr(signal, name)))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert (done.stdout, done.returncode) == ("ended\n", 0), done.stderr
