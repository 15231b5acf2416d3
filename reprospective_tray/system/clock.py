"""The wall clock in this program's unit."""

import time


def now_ms() -> int:
    """Return the current time in ms since the epoch, UTC."""
    return time.time_ns() // 1_000_000
