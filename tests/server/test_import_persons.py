"""Two persons of one server take over the same file: each has sessions of their own there."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from reprospective_tray.store.transfer.importers.activitywatch.importer import import_activitywatch
from reprospective_tray.store.transfer.importers.import_batch import ImportOptions
from reprospective_tray.store.transfer.importers.jsonl.importer import import_jsonl
from tests.server.sender import Shared
from tests.server.servers import Database, Person
from tests.server.shipper import Shipper
from tests.unit.activitywatch import afk, export, stamp, window

pytestmark = pytest.mark.trust

LINES = [
    {
        "state": "active",
        "application_name": "Code",
        "window_title": "a.py",
        "started_at": stamp(number * 10),
        "ended_at": stamp(number * 10 + 9),
    }
    for number in range(3)
]
FILES = {
    import_activitywatch: json.dumps(export([window(0, 50), window(60, 70)], [afk(20, 30)])),
    import_jsonl: "\n".join(json.dumps(line) for line in LINES),
}
SENT = {import_activitywatch: 4, import_jsonl: 3}
OWNERS = """SELECT owner, count(*)::int FROM reprospective.desktop_activity_sessions
    GROUP BY owner ORDER BY owner"""


@pytest.fixture
def computers(
    prepared: Database, shared: Shared, tmp_path: Path
) -> Iterator[list[tuple[Person, Shipper]]]:
    """One of Anna's, and two of Ben's."""
    with ExitStack() as stack:
        made = []
        for number, role in enumerate([shared.anna, shared.ben, shared.ben]):
            dsn = prepared.dsn(role.name, role.password)
            computer = Shipper(tmp_path / f"{number}.db", dsn)
            made.append((role, stack.enter_context(closing(computer))))
        yield made


@pytest.mark.parametrize("take", FILES)
@pytest.mark.parametrize("said", [False, pytest.param(True, marks=pytest.mark.long)])
def test_each_has_sessions_of_their_own_and_none_is_refused(
    computers, prepared, tmp_path, take, said
):
    file = tmp_path / "file"
    file.write_text(FILES[take])
    # Two computers of one person agree on it only where the server is named to both.
    for role, computer in computers[: 3 if said else 2]:
        done = take(
            file,
            computer.adapter(),
            privacy=lambda *names: names,
            progress=lambda *_: None,
            options=ImportOptions(person=role.name if said else ""),
        )
        assert done.stored == SENT[take]
        passed = computer.sync()
        assert (passed.refused, computer.rows("count(*)", "synced = 0")) == (0, [(0,)])
    expected = sorted((role.name, SENT[take]) for role, _computer in computers[:2])
    assert prepared.rows(OWNERS) == expected
