"""How fast a person sees where the time went: the window, and totals on a server."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.query.queries import Queries
from tests.bench import year
from tests.bench.heartbeat import NOW
from tests.bench.looking_back import SESSIONS
from tests.bench.shipping import central_database
from tests.desktop.command_line import ROOT, environment
from tests.support import User, fresh_user

# A year of one computer: 31.5 s a session, now and then away.
FILL = f"""
    INSERT INTO reprospective.desktop_activity_sessions (uid, owner, device_id, source_host, state,
        application_name, window_title, started_at, ended_at, utc_offset_minutes)
    SELECT gen_random_uuid(), %s, %s, 'bench', CASE WHEN n %% 20 = 0 THEN 'idle' ELSE 'active' END,
        CASE WHEN n %% 20 = 0 THEN '' ELSE 'Application ' || n %% 25 END,
        CASE WHEN n %% 20 = 0 THEN '' ELSE 'document ' || n %% 5000 || ' - a usual title' END,
        reprospective.from_ms({NOW} - n * 31500), reprospective.from_ms({NOW} - (n - 1) * 31500), 60
    FROM generate_series(1::bigint, %s) AS n
"""  # noqa: S608  own words
DEVICE = derived_device_id("bench")
STARTS = 5
ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds from the command to the first figures; ms from a key to the other day's."""

    start_s: float
    change_ms: float


@dataclass(frozen=True, slots=True)
class ServerTotals:
    """Ms of all totals of a day, of one whose sessions are counted (such as today), of a year."""

    day: float
    today: float
    year: float


def window() -> Window:
    """Return the medians of some starts over a file with a year of a million sessions."""
    starts, changes = [], []
    with _person_with_a_year() as user, VirtualDesktop() as desktop:
        for _start in range(STARTS):
            begun = time.time_ns()
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.window_probe"],
                cwd=ROOT,
                env={**desktop.env, **environment(user), "DISPLAY": desktop.env["DISPLAY"]},
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            )
            first_ns, taken = json.loads(done.stdout)
            starts.append((first_ns - begun) / 1e9)
            changes += taken
    return Window(statistics.median(starts), statistics.median(changes))


@contextmanager
def _person_with_a_year() -> Iterator[User]:
    with fresh_user() as user:
        user.database.parent.mkdir(parents=True)
        year.fill(user.database, first_day=date.today() - timedelta(days=364)).close()  # noqa: DTZ011
        yield user


def server_totals() -> ServerTotals:
    """Return what a person waits for on a server that has a million sessions of theirs."""
    with central_database() as central, tempfile.TemporaryDirectory() as folder:
        name = central.person.name
        central.database.rows(FILL, [name, DEVICE, SESSIONS])
        # What else the passes of a year do, a month each.
        central.database.rows("SELECT reprospective.settle_all()")
        # And what the server has done by itself since: amid these measurements it would be noise.
        central.database.rows("VACUUM ANALYZE")
        central.database.rows("CHECKPOINT")
        address = ServerAddress.from_dsn(central.dsn())
        adapter = PostgresqlAdapter(address, Path(folder), read_only=True)
        adapter.open()
        newest = datetime.fromtimestamp(NOW / 1000, UTC).date() - timedelta(days=1)
        last = newest - timedelta(days=1)
        central.database.rows("SELECT reprospective.unsettle_from(%s, %s)", [name, newest])
        with adapter.reading():
            queries = Queries(adapter)

            def totals(first: date, last: date) -> None:
                with queries.snapshot():
                    queries.totals(DayRange(first, last))

            return ServerTotals(
                _median(lambda: totals(last, last)),
                _median(lambda: totals(newest, newest)),
                _median(lambda: totals(last - timedelta(days=364), last)),
            )


def _median(ask: Callable[[], object]) -> float:
    ask()
    taken = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)
