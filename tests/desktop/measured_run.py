"""The program, which also counts what it holds whenever a test asks for that.

First argument: a folder. Who writes to the pipe `ask` in it gets `answer.json` there: how many
blocks of memory Python has given out, how many bytes the C library has to SQLite and to all
others, and how many objects there are of each type, after what nobody holds any more was let go.
The other arguments are the program's own.

All count what is in use, to the block. What the system sees (USS) is that and the pools that
are kept for later, which come and go by megabytes.
"""

import _sqlite3
import ctypes
import gc
import json
import sys
import threading
from collections import Counter
from pathlib import Path

from reprospective_tray import cli
from reprospective_tray.system.lean_memory import give_back


class MallInfo(ctypes.Structure):
    """glibc's own account of all its arenas, in bytes."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks"),
            *("fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def native_bytes() -> int:
    """Return how many bytes the C library has given out: to SQLite, GTK, libpq, large objects."""
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = MallInfo
    found = mallinfo()
    return int(found.uordblks + found.hblkhd)


def sqlite_bytes() -> int:
    """Return how many of them SQLite has, by its own account."""
    used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
    used.restype = ctypes.c_int64
    return int(used())


def count(answer: Path) -> None:
    """Write down what there is at this moment."""
    # Some is let go of only when what held it has been.
    for _round in range(3):
        give_back()
    of_sqlite = sqlite_bytes()
    kinds = Counter(type(each).__qualname__ for each in gc.get_objects())
    held = {
        "blocks": sys.getallocatedblocks(),
        "native": native_bytes() - of_sqlite,
        "sqlite": of_sqlite,
        "kinds": dict(kinds),
        "threads": sorted(thread.name for thread in threading.enumerate()),
    }
    part = answer.with_suffix(".part")
    part.write_text(json.dumps(held), "utf-8")
    part.replace(answer)


def listen(folder: Path) -> None:
    """Count whenever somebody asks."""
    while True:
        (folder / "ask").read_bytes()  # it waits for who writes
        count(folder / "answer.json")


def main() -> int:
    """Run the program."""
    threading.Thread(target=listen, args=(Path(sys.argv[1]),), name="measure", daemon=True).start()
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    raise SystemExit(main())
