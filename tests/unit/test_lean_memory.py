"""What one thread does without, every other one gets; and threads share one heap."""

import importlib
import platform
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reprospective_tray.system.lean_memory import without

pytestmark = pytest.mark.trust


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of some modules that nobody has loaded yet."""
    names = [f"seldom_used_{number}" for number in range(8)]
    for name in names:
        (tmp_path / f"{name}.py").write_text("loaded = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield names
    for name in names:
        sys.modules.pop(name, None)


def in_another_thread(work) -> list[ImportError]:
    raised = []

    def run() -> None:
        try:
            work()
        except ImportError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised


def test_a_module_is_hidden_from_the_thread_that_does_without_it(modules):
    with without(modules[0]), pytest.raises(ModuleNotFoundError, match=modules[0]) as caught:
        importlib.import_module(modules[0])
    assert caught.value.name == modules[0]
    assert importlib.import_module(modules[0]).loaded


def test_another_thread_imports_it_meanwhile(modules):
    with without(*modules):
        for name in modules:
            assert in_another_thread(lambda name=name: importlib.import_module(name)) == []


def test_what_is_loaded_already_stays(modules):
    importlib.import_module(modules[0])
    with without(modules[0]):
        assert importlib.import_module(modules[0]).loaded


def test_one_within_the_other_hides_both_and_ends_by_itself(modules):
    first, second = modules[:2]
    with without(first):
        with without(second):
            for name in (first, second):
                with pytest.raises(ModuleNotFoundError):
                    importlib.import_module(name)
        importlib.import_module(second)
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(first)


def test_threads_that_come_and_go_keep_nobody_from_anything(modules):
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            with without(modules[0], "no_such_module"):
                pass

    busy = [threading.Thread(target=come_and_go) for _number in range(3)]
    for thread in busy:
        thread.start()
    try:
        for _round in range(50):
            for name in modules:
                sys.modules.pop(name, None)
                importlib.invalidate_caches()
                assert importlib.import_module(name).loaded
    finally:
        stop.set()
        for thread in busy:
            thread.join()


# Prints how many heaps glibc has after threads allocated beside each other.
_HEAPS = """
import ctypes, sys, threading
from reprospective_tray.system.lean_memory import use_one_heap
if sys.argv[1] == "one":
    use_one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(4)
def allocate():
    together.wait()
    for _time in range(100):
        libc.malloc(2000)
    together.wait()
threads = [threading.Thread(target=allocate) for _number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has several heaps")
@pytest.mark.parametrize(("heaps", "is_one"), [("one", True), ("several", False)])
def test_threads_share_one_heap(heaps: str, is_one: bool) -> None:
    said = subprocess.run(
        [sys.executable, "-c", _HEAPS, heaps], check=True, capture_output=True, text=True
    ).stdout
    assert (said.count("<heap nr=") == 1) is is_one
