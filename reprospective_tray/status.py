"""The object of `status --json`: how the program and what it keeps stand."""

from datetime import UTC, date, datetime
from pathlib import Path

from reprospective_tray.store.adapter import SqliteAdapter
from reprospective_tray.store.queries import Queries


def status_object(
    *, pid: int | None, paused: bool, paused_until: int | None, today_ms: int, data_path: Path
) -> dict[str, object]:
    """Return the contract's object; `pid` is None while nothing runs, times are ms."""
    until = paused_until if paused else None
    return {
        "running": pid is not None,
        "pid": pid,
        "paused": paused,
        "paused_until": None if until is None else _iso(until),
        "today_active_seconds": round(today_ms / 1000, 3),
        "data_path": str(data_path),
        "sync": {
            "enabled": False,
            "waiting": 0,
            "refused": 0,
            "last_success_at": None,
            "last_error": None,
            "next_run_at": None,
        },
    }


def today_active_ms(reader: SqliteAdapter) -> int:
    """Return today's active time as `reader` holds it.

    Raises:
        StoreError: it cannot be read, or there is nothing as yet.
    """
    today = date.today()  # noqa: DTZ011  the day on the person's wall is meant
    with reader.reading():
        return Queries(reader).active_ms(today)


def _iso(ms: int) -> str:
    text = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
