"""A program that runs for years holds no memory that it does not use.

Libraries load others that nobody here runs: OpenSSL and libpq with all of their
own libraries are a seventh of the whole program. Loading itself leaves holes.
"""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let the imports inside do without the modules `names`, as where they are not installed.

    Whoever imports them afterwards gets them as ever, but not the modules that were
    loaded here without them; what is loaded already stays.
    """
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python spells "cannot be imported"
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def give_back() -> None:
    """Return to the system what starting has taken and let go of, where the C library can."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
        if trim is not None:
            trim(0)
