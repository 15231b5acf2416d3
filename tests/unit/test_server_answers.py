"""What a server answers is believed only where it fits what was sent.

How it can fail: an answer of another shape ends as an internal error, sets the wrong row aside,
marks as sent what was not, or is as long as the server likes.
"""

import json
import sqlite3
import threading
from contextlib import closing

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprospective_tray.config.keys import Remote, Sync
from reprospective_tray.errors import ServerError, ServerRefusedError
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.postgres.prepared_connection import connect_prepared
from reprospective_tray.store.postgres.schema.upgrade import scripts
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.sync.manager import DatabaseSyncManager
from tests.fake_server import (
    BOOL,
    DONE,
    INT8,
    TEXT,
    FakeServer,
    answer,
    columns,
    error,
    message,
    row,
)
from tests.unit.stored import session

pytestmark = pytest.mark.trust

ROWS = 3
CLOCK = 1_790_000_000_000
FITTING = {"schema": 1, "clock": CLOCK, "verdict": "fits"}
VERSION = answer([[str(scripts()[-1].number), "150018", "UTF8"]], [INT8, INT8, TEXT])
NO_STRANGERS = answer([], [INT8, TEXT, BOOL])
OTHER_UID = "019abcde-0000-7000-8000-000000000000"


class Nobody:
    """Records nothing: no device has to change."""

    def become_another_device(self) -> None:
        """Do nothing."""

    def leave_open_session(self) -> None:
        """Do nothing."""


class Desk:
    """A file with `ROWS` waiting sessions, and a server that answers as `reply` says."""

    def __init__(self, folder) -> None:
        self.path = folder / "a.db"
        adapter = SqliteAdapter(self.path)
        adapter.open()
        with adapter.connection():
            writer = SessionWriter(adapter, "desk")
            for hour in range(ROWS):
                begin, end = (f"2026-11-23T{9 + hour + more:02}:00+00:00" for more in (0, 1))
                writer.apply([Put(session(begin, end, f"app {hour}"))])
        adapter.close()
        self.reply = b""
        self.before = {"nspowner": NO_STRANGERS, "schema_version": VERSION}
        self.server = FakeServer(self._answer)

    def _answer(self, query):
        if "reprospective.ingest" in query or "uid = ANY" in query:
            return self.reply
        return next((it for words, it in self.before.items() if words in query), VERSION)

    def manager(self) -> DatabaseSyncManager:
        remote = Remote(
            host=self.server.host,
            port=self.server.port,
            user="u",
            password="p",  # noqa: S106  nobody's
            sslmode="disable",
        )
        address = ServerAddress.from_remote(remote)
        return DatabaseSyncManager(
            lambda: SqliteAdapter(self.path),
            lambda: connect_prepared(address, self.path.parent),
            Sync(enabled=True),
            Nobody(),
            deadline_s=20.0,
        )

    def send(self, reply):
        """Send with a server that answers so; undo it."""
        self.reply = reply
        before = self.path.read_bytes()
        manager = self.manager()
        try:
            return manager.run(threading.Event())
        finally:
            manager.close()
            self.after = self.rows("SELECT id, synced FROM desktop_activity_sessions ORDER BY id")
            self.reasons = [
                reason for (reason,) in self.rows("SELECT reason FROM desktop_activity_refused")
            ]
            self.titles = [
                title
                for (title,) in self.rows(
                    "SELECT window_title FROM desktop_activity_sessions ORDER BY id"
                )
            ]
            for end in ("-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            self.path.write_bytes(before)

    def rows(self, query):
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(query).fetchall()

    def uids(self):
        return [
            uid for (uid,) in self.rows("SELECT uid FROM desktop_activity_sessions ORDER BY id")
        ]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = Desk(tmp_path_factory.mktemp("desk"))
    with made.server:
        yield made


def text(value) -> bytes:
    return answer([[value if isinstance(value, str) else json.dumps(value)]], [TEXT])


def version_of(uid=OTHER_UID, **more):
    return {
        "uid": uid,
        "device_id": OTHER_UID,
        "source_host": "h",
        "state": "active",
        "application_name": "a",
        "window_title": "t",
        "process_id": 1,
        "started_at": CLOCK - 10,
        "ended_at": CLOCK,
        "utc_offset_minutes": 0,
        "open": 0,
        "deleted": 0,
        "revision": 5,
    } | more


WRONG = {
    "no row": answer([], [TEXT]),
    "no column": answer([[]], []),
    "two rows": answer([[json.dumps(FITTING)]] * 2, [TEXT]),
    "null": answer([[None]], [TEXT]),
    "another type": answer([["17"]], [INT8]),
    "text for a number": answer([["seventeen"]], [INT8]),
    "no UTF-8": columns(TEXT) + message(b"D", b"\0\1\0\0\0\1\xff") + DONE,
    "nothing": DONE,
    "empty query": message(b"I"),
    "no JSON": text("{"),
    "a list": text([]),
    "deep": text("[" * 100_000),
    "no clock": text({"schema": 1, "verdict": "fits"}),
    "a huge clock": text(FITTING | {"clock": 10**30}),
    "a clock of years": text(FITTING | {"clock": 10**17}),
    "a negative clock": text(FITTING | {"clock": -1}),
    "another verdict": text(FITTING | {"verdict": "perhaps"}),
    "a huge schema": text(FITTING | {"schema": 2**70}),
    "refused before the first": text(FITTING | {"refused": [{"at": -1, "reason": "r"}]}),
    "refused behind the last": text(FITTING | {"refused": [{"at": ROWS, "reason": "r"}]}),
    "refused twice": text(FITTING | {"refused": [{"at": 1, "reason": "r"}] * 2}),
    "a reason that is none": text(FITTING | {"refused": [{"at": 1, "reason": 5}]}),
    "an order never sent": text(FITTING | {"orders": [OTHER_UID]}),
    "superseded at -1": text(FITTING | {"superseded": [{"at": -1, "row": version_of()}]}),
    "superseded by another": text(FITTING | {"superseded": [{"at": 0, "row": version_of()}]}),
    "superseded by nothing": text(FITTING | {"superseded": [{"at": 0, "row": {}}]}),
    "a fork that stores": text(
        FITTING | {"verdict": "fork", "refused": [{"at": 1, "reason": "r"}]}
    ),
    "forks without end": text(FITTING | {"verdict": "fork"}),
    "an unknown message": message(b"?", b"x"),
    "a copy": message(b"G", b"\0\0\0"),
    "a copy out": message(b"H", b"\0\0\0") + message(b"c") + DONE,
    "an error without words": message(b"E", b"\0"),
    "a length below zero": b"D\xff\xff\xff\xf0",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_an_error_of_the_server_and_nothing_is_marked(desk, name):
    with pytest.raises(ServerError) as caught:
        desk.send(WRONG[name])
    assert str(caught.value)
    assert desk.after == [(number, 0) for number in range(1, ROWS + 1)]
    assert desk.reasons == []


@pytest.mark.parametrize("asked", ["nspowner", "schema_version"])
@pytest.mark.parametrize(
    "name", ["no column", "another type", "text for a number", "no UTF-8", "an unknown message"]
)
def test_a_wrong_answer_before_the_first_batch_is_an_error_of_the_server(
    desk, monkeypatch, asked, name
):
    monkeypatch.setitem(desk.before, asked, WRONG[name])
    with pytest.raises(ServerError) as caught:
        desk.send(text(FITTING))
    assert str(caught.value)
    assert desk.after == [(number, 0) for number in range(1, ROWS + 1)]


WRONG_VERSIONS = [
    {"device_id": "none"},
    {"source_host": None},
    {"state": "asleep"},
    {"application_name": 5},
    {"window_title": "x" * 70_000},
    {"process_id": 2**40},
    {"process_id": "1"},
    {"started_at": 10**18},
    {"started_at": CLOCK + 1},
    {"started_at": 10**15, "ended_at": 10**15 + 1},
    {"started_at": -(10**15)},
    {"ended_at": 1.5},
    {"utc_offset_minutes": 10**6},
    {"deleted": 2},
    {"revision": 2**63},
    {"revision": -1},
]


@pytest.mark.parametrize("wrong", WRONG_VERSIONS, ids=str)
def test_a_version_that_no_row_can_have_is_not_taken(desk, wrong):
    said = version_of(desk.uids()[0], **wrong)
    with pytest.raises(ServerRefusedError, match="is not valid"):
        desk.send(text(FITTING | {"superseded": [{"at": 0, "row": said}]}))
    assert desk.after == [(number, 0) for number in range(1, ROWS + 1)]


def test_what_is_right_is_believed(desk):
    said = version_of(desk.uids()[0].upper(), window_title="new\0\ud800")
    passed = desk.send(
        text(
            FITTING
            | {
                "superseded": [{"at": 0, "row": said | {"window_title": "new\0"}}],
                "refused": [{"at": 2, "reason": "no\x1b[2J" + "x" * 10_000}],
                "more": 1,
            }
        )
    )
    assert (passed.sent, passed.superseded, passed.refused) == (1, 1, 1)
    assert desk.after == [(1, 1), (2, 1), (3, 0)]
    assert desk.titles[0] == "new\ufffd"
    (reason,) = desk.reasons
    assert reason.startswith("no [2Jxxx")
    assert len(reason) <= 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
AT = st.integers(-2, ROWS + 1) | JSON
FIELDS = {
    "schema": st.integers(0, 3) | JSON,
    "clock": st.just(CLOCK) | JSON,
    "verdict": st.sampled_from(["fits", "restored", "fork"]) | JSON,
    "superseded": st.lists(st.fixed_dictionaries({"at": AT, "row": JSON}), max_size=3) | JSON,
    "refused": st.lists(st.fixed_dictionaries({"at": AT, "reason": st.text() | JSON}), max_size=3),
    "orders": st.lists(st.text(max_size=4), max_size=2) | JSON,
}
ANSWERS = st.one_of(
    st.fixed_dictionaries({}, optional=FIELDS).map(text),
    st.fixed_dictionaries(FIELDS).map(text),
    JSON.map(text),
    st.lists(
        st.lists(
            st.none()
            | st.text(
                st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5
            ),
            min_size=2,
            max_size=2,
        ),
        max_size=3,
    ).map(lambda rows: answer(rows, [TEXT, INT8])),
    st.tuples(
        st.sampled_from([b"T", b"D", b"C", b"E", b"N", b"I", b"G", b"A", b"S", b"K", b"?"]),
        st.binary(max_size=40),
    ).map(lambda pair: message(*pair) + DONE),
    st.binary(max_size=40),
)


def _fuzz(desk, reply):
    try:
        passed = desk.send(reply)
    except ServerError:
        marked = sum(synced for _id, synced in desk.after)
        assert marked in {0, ROWS}
    else:
        assert passed.sent + passed.refused + passed.superseded <= ROWS * 5


FUZZ = settings(suppress_health_check=list(HealthCheck), deadline=None)


@settings(FUZZ, max_examples=40)
@given(ANSWERS)
def test_no_answer_ends_in_anything_but_an_error_of_the_server(desk, reply):
    _fuzz(desk, reply + DONE)


@pytest.mark.long
@settings(FUZZ, max_examples=3000)
@given(ANSWERS)
def test_of_thousands_of_answers_none_ends_in_anything_but_an_error_of_the_server(desk, reply):
    _fuzz(desk, reply + DONE)


def _endless(piece):
    yield columns(TEXT)
    while True:
        yield piece


@pytest.mark.parametrize(
    "piece",
    [
        row("x" * 1_000_000),
        row("x") * 30_000,
        message(b"N", b"Mx\0\0") * 30_000,
        error("x" * 900_000),
    ],
    ids=["long rows", "short rows", "notices", "errors"],
)
def test_an_endless_answer_ends_and_takes_little_memory(desk, piece):
    most, done = [0], threading.Event()
    here = psutil.Process()
    before = here.memory_info().rss

    def watch():
        while not done.wait(0.02):
            most[0] = max(most[0], here.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.raises(ServerError):
            desk.send(_endless(piece))
    finally:
        done.set()
        watcher.join()
    assert most[0] < 1_500_000_000


def test_a_fork_that_stores_is_seen_at_once(desk):
    # Whoever believed it would become another device, and ask again.
    with pytest.raises(ServerRefusedError, match="contradicts itself"):
        desk.send(WRONG["a fork that stores"])


def test_an_answer_that_is_too_long_is_not_read(desk, monkeypatch):
    monkeypatch.setattr("reprospective_tray.sync.answer.MOST_CHARACTERS", 200)
    with pytest.raises(ServerRefusedError, match="too long"):
        desk.send(text(FITTING | {"more": "x" * 200}))


def test_an_answer_about_versions_is_checked_as_well(desk):
    for wrong in (answer([["x"]], [TEXT]), answer([["x", "y", "z"]], [TEXT] * 3), DONE):
        manager = desk.manager()
        desk.reply = wrong
        with closing(sqlite3.connect(desk.path)) as connection, connection:
            connection.execute("UPDATE desktop_activity_sessions SET synced = 1")
        try:
            with pytest.raises(ServerError):
                manager.verify(threading.Event())
        finally:
            manager.close()
            with closing(sqlite3.connect(desk.path)) as connection, connection:
                connection.execute("UPDATE desktop_activity_sessions SET synced = 0")
