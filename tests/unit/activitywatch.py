"""ActivityWatch's JSON for tests, and importing it."""

import json
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.transfer.importers.activitywatch.importer import (
    Here,
    import_activitywatch,
)
from reprospective_tray.store.transfer.importers.import_batch import Imported, ImportOptions

T0 = 1_774_861_200_000  # 2026-03-30T09:00:00Z
TOKYO = Here("here", lambda _ms: 540)

Names = tuple[str, str]


def stamp(ms: int) -> str:
    """Return `ms` after T0 as the servers write it."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=T0 + ms)
    return moment.isoformat(timespec="milliseconds")


def event(start: int, end: int, **data: Any) -> dict[str, Any]:
    """Return an event; times are ms after T0."""
    return {"id": 1, "timestamp": stamp(start), "duration": (end - start) / 1000, "data": data}


def window(start: int, end: int, app: str | None = "Code", title: str | None = "a.py") -> Any:
    return event(start, end, app=app, title=title)


def afk(start: int, end: int, status: str = "afk") -> Any:
    return event(start, end, status=status)


def bucket(kind: str, events: Iterable[Any], host: str | None = "desk", **more: Any) -> Any:
    about = {"id": "x", "created": stamp(0), "type": kind, "client": "aw", "hostname": host}
    return {**about, "events": list(events), **more}


def export(windows: Iterable[Any] = (), away: Iterable[Any] = (), **more: Any) -> Any:
    """Return an export of one host; `more` are further buckets."""
    buckets = {
        "aw-watcher-window_desk": bucket("currentwindow", windows),
        "aw-watcher-afk_desk": bucket("afkstatus", away),
    }
    return {"buckets": {**buckets, **more}}


def take(
    adapter: DatabaseAdapter,
    content: Any,
    privacy: Callable[[str, str], Names | None] = lambda *names: names,
    progress: Callable[..., None] = lambda *_: None,
    here: Here = TOKYO,
    **options: Any,
) -> Imported:
    """Import `content`, an object or bytes, on a connection of its own."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder) / "export.json"
        file.write_bytes(data)
        work = thread.submit(
            import_activitywatch,
            file,
            adapter,
            privacy=privacy,
            progress=progress,
            here=here,
            options=ImportOptions(**{"person": "somebody"} | options),
        )
        return work.result()


def rows(adapter: DatabaseAdapter, **where: Any) -> list[dict[str, Any]]:
    """Return the living rows in order; inside `connection()`."""
    session = adapter.models.Session
    found = session.select().where(session.deleted == 0)
    found = found.order_by(session.device_id, session.started_at, session.uid)
    return [row for row in found.dicts() if where.items() <= row.items()]


def said(adapter: DatabaseAdapter) -> list[tuple[str, str, int, int]]:
    """Return (state, title, start, end) of the living rows, in ms after T0."""
    return [
        (row["state"], row["window_title"], row["started_at"] - T0, row["ended_at"] - T0)
        for row in rows(adapter)
    ]
