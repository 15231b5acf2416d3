"""Keeps unused libraries and memory out of a program that runs for years.

Libraries load others that nobody here runs: OpenSSL and libpq with all of their
own libraries are a seventh of the whole program. Loading itself leaves holes.
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
    """Finds no module that the importing thread does without; others find it as ever."""

    names: frozenset[str] = frozenset()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  the interface of finders
        target: ModuleType | None = None,  # noqa: ARG002  as above
    ) -> None:
        """Say that there is no such module, or leave it to the other finders.

        Raises:
            ModuleNotFoundError: this thread does without it.
        """
        if fullname in self.names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


_hiding = _Hiding()


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let the imports inside, of this thread alone, do without the modules `names`.

    It is as where they are not installed. Whoever imports them afterwards gets them as
    ever, but not the modules that were loaded here without them; what is loaded already stays.
    """
    # It stays there: to take it out would let another thread, which goes through this list, miss
    # the finder behind it.
    if _hiding not in sys.meta_path:
        sys.meta_path.insert(0, _hiding)
    before = _hiding.names
    _hiding.names = before | frozenset(names)
    try:
        yield
    finally:
        _hiding.names = before


def give_back() -> None:
    """Return to the system what starting has taken and let go of, where the C library can."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
        if trim is not None:
            trim(0)
