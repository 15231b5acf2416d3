"""What one thread does without, every other one gets."""

import importlib
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
