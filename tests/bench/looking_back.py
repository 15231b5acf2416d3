"""What looking back costs: the memory of an export of a million sessions."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from tests.bench.heartbeat import NOW, filled
from tests.bench.measures import peak_mb
from tests.bench.shipping import central_database
from tests.desktop.command_line import ROOT, environment
from tests.support import User, fresh_user

SESSIONS = 1_000_000
FORMATS = ("jsonl", "csv")
LOOK_EVERY_S = 0.02
CONFIG = "database: {{remote: {{host: {0.host}, port: {0.port}, database: {0.name}, user: {1}}}}}"
FILL = f"""
    INSERT INTO reprospective.desktop_activity_sessions (uid, owner, device_id, source_host, state,
        application_name, window_title, started_at, ended_at, utc_offset_minutes)
    SELECT gen_random_uuid(), %s, gen_random_uuid(), 'bench', 'active', 'Application ' || n %% 40,
        'document ' || n %% 5000 || ' - a title of a usual length',
        reprospective.from_ms({NOW} - n * 30000), reprospective.from_ms({NOW} - (n - 1) * 30000), 60
    FROM generate_series(1::bigint, %s) AS n
"""  # noqa: S608  own words


def export_rss_mb(count: int = SESSIONS) -> dict[str, float]:
    """Return the most memory that `export` ever had, in MB, by source and format."""
    found = {}
    with _person_of_both(count) as user:
        for source, form in product(("local", "server"), FORMATS):
            found[f"{source}, {form}"] = _peak_of_export(user, source, form, count)
    return found


@contextmanager
def _person_of_both(count: int) -> Iterator[User]:
    """Make somebody with `count` sessions in the local file, and as many on a server."""
    with fresh_user() as user, central_database() as central:
        filled(user.database, count).close()
        name, password = central.person.name, central.person.password
        central.database.rows(FILL, [name, count])
        user.write_config(CONFIG.format(central.database, name))
        user.env["PGPASSWORD"] = password
        yield user


def _peak_of_export(user: User, source: str, form: str, count: int) -> float:
    target = user.folder / "exported"
    words = ("export", "--source", source, "--format", form, "--force", "-o", target)
    with subprocess.Popen(
        [sys.executable, "-m", "reprospective_tray", *words], cwd=ROOT, env=environment(user)
    ) as process:
        peak = 0.0
        # The kernel keeps the peak of what the process is by now, not of what it was forked from.
        while process.poll() is None:
            peak = max(peak, peak_mb(process.pid))
            time.sleep(LOOK_EVERY_S)
    lines = _lines(target) - (form == "csv")
    assert (process.returncode, lines) == (os.EX_OK, count)
    return peak


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _line in file)
