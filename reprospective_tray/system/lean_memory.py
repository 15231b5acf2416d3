"""Keeps unused libraries and memory out of a long-running program.

Libraries import others that are never used here: OpenSSL and libpq with their dependencies are a
seventh of the whole program. Importing also fragments the heap.
"""

import ctypes
import gc
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType


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


def give_back() -> None:
    """Return freed memory to the system after the start, if the C library supports it."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
        if trim is not None:
            trim(0)
