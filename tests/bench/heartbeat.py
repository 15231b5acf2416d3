"""What a heartbeat costs with a thousand sessions stored, and with a million."""

import statistics
import time
from pathlib import Path

from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import Put, Session, State
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter

ROUNDS = 400
MINUTE_MS = 60_000
NOW = 1_795_000_000_000

FILL = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
    INSERT INTO desktop_activity_sessions
        (uid, device_id, source_host, state, application_name, window_title, process_id,
         started_at, ended_at, utc_offset_minutes, open, deleted, revision, synced)
    SELECT lower(hex(randomblob(16))), '{device}', 'bench', 'active', 'Application ' || (i % 40),
           'document ' || (i % 5000) || ' - a title of a usual length', 4711,
           {now} - ({count} - i + 1) * 30000, {now} - ({count} - i) * 30000, 60, 0, 0, 2, 0
    FROM n
"""


def filled(path: Path, count: int) -> SqliteAdapter:
    """Return an open adapter over a new file with `count` sessions of half a minute."""
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        adapter.database.execute_sql(FILL.format(count=count, device=adapter.device_id, now=NOW))
    return adapter


def _going_on(end: int, uid: str) -> Session:
    return Session(uid, State.ACTIVE, "Editor", "a document", 1, NOW, end, 60, open=True)


def compare(folder: Path) -> tuple[float, float]:
    """Return the median cost of a heartbeat in ms, with 1,000 and with 1,000,000 sessions.

    The two are measured in turn, so that what else the machine does meets both alike.
    """
    adapters = [filled(folder / f"{count}.db", count) for count in (1_000, 1_000_000)]
    for adapter in adapters:
        adapter.database.connect()
    writers = [SessionWriter(adapter, "bench") for adapter in adapters]
    uids = [new_uid(NOW) for _writer in writers]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for writer, uid, taken in zip(writers, uids, times, strict=True):
            start = time.perf_counter()
            writer.apply([Put(_going_on(NOW + number * 10_000, uid))])
            taken.append((time.perf_counter() - start) * 1000)
    for adapter in adapters:
        adapter.database.close()
        adapter.close()
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])
