"""The object of `status --json`: the state of the program and of its recordings."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.outbox.sync_state import SyncState
from reprospective_tray.store.query.queries import Queries

SYNC_OFF: Mapping[str, object] = {
    "enabled": False,
    "waiting": 0,
    "refused": 0,
    "last_success_at": None,
    "last_error": None,
    "next_run_at": None,
}


def status_object(  # noqa: PLR0913  the facts of the contract
    *,
    pid: int | None,
    paused: bool,
    paused_until: int | None,
    today_ms: int,
    data_path: str,
    sync: Mapping[str, object] = SYNC_OFF,
) -> dict[str, object]:
    """Return the contract's object; `pid` is None while nothing runs, times are ms."""
    until = paused_until if paused else None
    return {
        "running": pid is not None,
        "pid": pid,
        "paused": paused,
        "paused_until": None if until is None else _iso(until),
        "today_active_seconds": round(today_ms / 1000, 3),
        "data_path": data_path,
        "sync": dict(sync),
    }


def sync_object(standing: SyncState, next_run_at: int | None) -> dict[str, object]:
    """Return the contract's object for sending where it is on; times are ms."""
    success = standing.last_success_at
    return {
        "enabled": True,
        "waiting": standing.waiting,
        "refused": standing.refused,
        "last_success_at": None if success is None else _iso(success),
        "last_error": standing.last_error or None,
        "next_run_at": None if next_run_at is None else _iso(next_run_at),
    }


def today_active_ms(reader: DatabaseAdapter) -> int:
    """Return this person's active time of today, from `reader`.

    Raises:
        StoreError: it cannot be read, or nothing is there yet.
    """
    today = date.today()  # noqa: DTZ011  the day on the person's wall is meant
    with reader.reading():
        return Queries(reader).active_ms(today, own=True)


def _iso(ms: int) -> str:
    text = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
