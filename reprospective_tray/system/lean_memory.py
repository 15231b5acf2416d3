"""Keeps unused libraries and memory out of a long-running program.

Libraries import others that are never used here: OpenSSL and libpq with their dependencies are a
seventh of the whole program. Importing also fragments the heap.
"""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType

_M_ARENA_MAX = -8  # of glibc's malloc.h


class _Hiding(MetaPathFinder, threading.local):
    """Hides modules from the importing thread; other threads find them as usual."""

    names: frozenset[str] = frozenset()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  the interface of finders
        target: ModuleType | None = None,  # noqa: ARG002  as above
    ) -> None:
        """Raise for a hidden module; return None otherwise, for the other finders.

        Raises:
            ModuleNotFoundError: the module is hidden from this thread.
        """
        if fullname in self.names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


_hiding = _Hiding()


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Hide the modules `names` from imports of this thread in the block.

    They appear as not installed. Later imports find them as usual, but modules that were imported
    here without them are not reloaded. Modules that are already loaded stay loaded.
    """
    # The finder is never removed: another thread that iterates over the list at that time would
    # skip the next finder.
    if _hiding not in sys.meta_path:
        sys.meta_path.insert(0, _hiding)
    before = _hiding.names
    _hiding.names = before | frozenset(names)
    try:
        yield
    finally:
        _hiding.names = before


def use_one_heap() -> None:
    """Let all threads that start later share one heap of glibc; elsewhere nothing happens.

    Otherwise each thread gets a heap of its own, whose free memory no other thread can use. They
    would need them only to allocate at the same time, which Python's lock prevents.
    """
    if mallopt := _of_glibc("mallopt"):
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return freed memory to the system after the start, if the C library supports it."""
    gc.collect()
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """Return a function of glibc; None with another C library, which has no such function."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
