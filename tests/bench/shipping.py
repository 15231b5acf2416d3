"""How fast sessions reach the server: in batches, row by row, and by one raw COPY."""

import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.bench.heartbeat import filled
from tests.server.central import Central, central_on
from tests.server.proxy import proxy_to
from tests.server.servers import Database, Person, new_server
from tests.server.shipper import SESSIONS, Shipper

BATCH = 1000
# As a server of many hosts has it; what differs from the tests' own.
ROOMY = {"max_connections": "300", "shared_buffers": "256MB", "max_wal_size": "4GB"}
ROUNDS = 3
COLUMNS = (
    *("uid", "device_id", "source_host", "original_id", "state", "application_name"),
    *("window_title", "process_id", "started_at", "ended_at", "utc_offset_minutes", "open"),
    *("deleted", "revision"),
)
READ = f"""SELECT uid, device_id, source_host, id, state, application_name, window_title,
    process_id, started_at / 1000.0, ended_at / 1000.0, utc_offset_minutes, open, deleted, revision
    FROM {SESSIONS} WHERE synced = 0 ORDER BY id LIMIT {BATCH}"""  # noqa: S608  own words
MARK = f"UPDATE {SESSIONS} SET synced = 1, synced_at = 0 WHERE id = ? AND revision = ?"  # noqa: S608
PLACES = ", ".join("to_timestamp(%s)" if it.endswith("_at") else "%s" for it in COLUMNS)
INSERT = (
    f"INSERT INTO reprospective.{SESSIONS} ({', '.join(COLUMNS)}) VALUES ({PLACES})"  # noqa: S608
    " ON CONFLICT (uid) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Rows a second, the median of the rounds."""

    batches: float
    row_by_row: float
    copy: float


@dataclass(slots=True)
class _Times:
    rates: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, rows: int, work: Callable[[], None]) -> None:
        begun = time.perf_counter()
        work()
        self.rates.setdefault(name, []).append(rows / (time.perf_counter() - begun))

    def median(self, name: str) -> float:
        return statistics.median(self.rates.get(name, [0.0]))


@contextmanager
def central_database() -> Iterator[Central]:
    """Yield a database as `server init` leaves it, and somebody who may send."""
    with new_server(settings=ROOMY) as server, central_on(server) as central:
        yield central


def compare(rows: int, *, latency_ms: float = 0.0, single_rows: int | None = None) -> Rates:
    """Ship `rows` sessions in each way, in turn, into the same empty table.

    Reading from and marking in the local file are part of the first two. With
    `latency_ms` a round trip takes so long; `single_rows` is how many go row by
    row, where all of them would take minutes.
    """
    times = _Times()
    with ExitStack() as stack:
        central = stack.enter_context(central_database())
        database, sender = central.database, central.person
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place: Database = database
        if latency_ms:
            proxy = stack.enter_context(proxy_to(database.host, database.port))
            proxy.latency = latency_ms / 2000  # each way
            place = database.at(proxy)
        for number in range(ROUNDS):
            for name in ("batches", "row by row", "copy"):
                if name == "copy" and latency_ms:
                    continue
                count = single_rows or rows if name == "row by row" else rows
                adapter = filled(folder / f"{name} {number}.db", count)
                database.rows(f"TRUNCATE reprospective.{SESSIONS}, reprospective.devices")
                _ways(place, sender)[name](adapter, count, times)
    return Rates(*(times.median(name) for name in ("batches", "row by row", "copy")))


def _ways(
    place: Database, sender: Person
) -> dict[str, Callable[[SqliteAdapter, int, _Times], None]]:
    dsn = place.dsn(sender.name, sender.password)

    def batches(adapter: SqliteAdapter, count: int, times: _Times) -> None:
        shipper = Shipper(adapter.path, dsn, batch_size=BATCH)
        times.add("batches", count, shipper.sync)
        shipper.close()

    def row_by_row(adapter: SqliteAdapter, count: int, times: _Times) -> None:
        connection = place.connect(sender.name, sender.password)
        connection.autocommit = False
        with adapter.connection(), connection.cursor() as cursor:
            local = adapter.database.connection()

            def ship() -> None:
                while page := local.execute(READ).fetchall():
                    for row in page:
                        cursor.execute(INSERT, row)
                    connection.commit()
                    local.executemany(MARK, [(row[3], row[13]) for row in page])

            times.add("row by row", count, ship)
        connection.close()

    def copy(adapter: SqliteAdapter, count: int, times: _Times) -> None:
        everything = READ.replace(
            "started_at / 1000.0, ended_at / 1000.0",
            "datetime(started_at / 1000, 'unixepoch') || 'Z',"
            " datetime(ended_at / 1000, 'unixepoch') || 'Z'",
        ).replace(f"LIMIT {BATCH}", "")
        with adapter.connection():
            rows = adapter.database.connection().execute(everything).fetchall()
        text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
        statement = f"COPY reprospective.{SESSIONS} ({', '.join(COLUMNS)}) FROM STDIN"
        # With row-level security there is no COPY: the owner of the table goes past it.
        connection = place.connect()
        with connection.cursor() as cursor:
            times.add("copy", count, lambda: cursor.copy_expert(statement, io.StringIO(text)))
        connection.close()

    return {"batches": batches, "row by row": row_by_row, "copy": copy}
