"""What a server answers of entries is believed only where it fits what was sent.

How it can fail: the wrong entry is set aside or marked as sent, one gets values that the file
cannot hold, or a server that says nothing of them is taken to have stored them.
"""

import pytest

from reprospective_tray.errors import ServerRefusedError
from reprospective_tray.store.entries.entry_writer import EntryWriter
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from tests.unit.test_server_answers import CLOCK, FITTING, OTHER_UID, ROWS, Desk, text

pytestmark = pytest.mark.trust

FITS = FITTING | {"schema": 4}
UNTOUCHED = [(number, 0) for number in range(1, ROWS + 1)]


class EntriesDesk(Desk):
    """A file with `ROWS` entries that wait beside the sessions, for a server that takes them."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        adapter = SqliteAdapter(self.path)
        adapter.open()
        with adapter.connection():
            times = [CLOCK + hour * 3_600_000 for hour in range(ROWS)]
            EntryWriter(adapter).add(
                *(Entry(new_uid(at), at, at + 3_600_000, 0, "Work", "a note") for at in times)
            )
            FileMeta(adapter).put(MetaKey.SERVER_SCHEMA, 4)
        adapter.close()

    def rows(self, query):
        """Note what became of the entries where the base class looks at its rows."""
        entries = "SELECT id, synced FROM desktop_activity_entries ORDER BY id"
        self.entries = super().rows(entries)
        return super().rows(query)

    def entry_uid(self, number: int = 0) -> str:
        query = "SELECT uid FROM desktop_activity_entries ORDER BY id"
        return str(self.rows(query)[number][0])


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = EntriesDesk(tmp_path_factory.mktemp("desk"))
    with made.server:
        yield made


def version_of(uid, **more):
    return {
        "uid": uid,
        "device_id": OTHER_UID,
        "source_host": "h",
        "started_at": CLOCK - 10,
        "ended_at": CLOCK,
        "utc_offset_minutes": 0,
        "category": "Other",
        "note": "n",
        "billable": 0,
        "deleted": 0,
        "revision": 5,
    } | more


def superseded(at, row):
    return {"superseded": [{"at": at, "row": row}]}


WRONG = {
    "no object": [],
    "a number": 5,
    "refused before the first": {"refused": [{"at": -1, "reason": "r"}]},
    "refused behind the last": {"refused": [{"at": ROWS, "reason": "r"}]},
    "refused twice": {"refused": [{"at": 1, "reason": "r"}] * 2},
    "superseded by another": superseded(0, version_of(OTHER_UID)),
    "superseded by nothing": superseded(0, {}),
}
WRONG_VERSIONS = [
    {"device_id": "none"},
    {"source_host": "h" * 257},
    {"category": "c" * 257},
    {"category": ""},
    {"category": None},
    {"note": "n" * 4097},
    {"billable": 2},
    {"deleted": 2},
    {"started_at": -1},
    {"started_at": CLOCK},
    {"ended_at": 7_258_118_400_001},
    {"ended_at": CLOCK + 366 * 86_400_000},
    {"utc_offset_minutes": 10**6},
    {"revision": 2**63},
    {"revision": -1},
]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_about_entries_is_an_error_of_the_server_and_nothing_is_marked(desk, name):
    with pytest.raises(ServerRefusedError, match="is not valid"):
        desk.send(text(FITS | {"entries": WRONG[name]}))
    assert (desk.after, desk.entries, desk.reasons) == (UNTOUCHED, UNTOUCHED, [])


@pytest.mark.parametrize("wrong", WRONG_VERSIONS, ids=lambda wrong: str(wrong)[:30])
def test_a_version_that_no_entry_can_have_is_not_taken(desk, wrong):
    said = version_of(desk.entry_uid(), **wrong)
    with pytest.raises(ServerRefusedError, match="is not valid"):
        desk.send(text(FITS | {"entries": superseded(0, said)}))
    assert (desk.after, desk.entries) == (UNTOUCHED, UNTOUCHED)


def test_a_fork_that_stores_entries_contradicts_itself(desk):
    with pytest.raises(ServerRefusedError, match="is not valid"):
        desk.send(text(FITS | {"verdict": "fork", "entries": {}}))
    assert (desk.after, desk.entries) == (UNTOUCHED, UNTOUCHED)


def test_a_server_that_says_nothing_of_the_entries_has_none_of_them(desk):
    for said in ({}, {"entries": None}, {"schema": 3}):
        passed = desk.send(text(FITS | said))
        assert (passed.sent, passed.entries) == (ROWS, 0)
        assert desk.entries == UNTOUCHED


def test_what_is_right_is_believed_of_entries_too(desk):
    said = version_of(desk.entry_uid().upper(), note="new\0")
    stone = version_of(desk.entry_uid(1), deleted=1, category="left", note="left")
    answer = {
        "stored": 0,
        "superseded": [{"at": 0, "row": said}, {"at": 1, "row": stone}],
        "refused": [{"at": 2, "reason": "no\x1b[2J" + "x" * 10_000}],
        "more": 1,
    }
    passed = desk.send(text(FITS | {"entries": answer}))
    assert (passed.sent, passed.entries, passed.superseded, passed.refused) == (ROWS, 0, 2, 1)
    assert desk.entries == [(1, 1), (2, 1), (3, 0)]
