"""The clock on the wall, as this program keeps times."""

import time


def now_ms() -> int:
    """Return the present moment in ms since the epoch, UTC."""
    return time.time_ns() // 1_000_000
