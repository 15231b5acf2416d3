"""Uids that an import makes are those of one person, and the same at each repeat."""

import json

import pytest

from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.importers.jsonl.line import LineReader
from reprospective_tray.store.transfer.importers.person import person_of
from tests.unit.activitywatch import export, rows, stamp, take, window

pytestmark = pytest.mark.trust


@pytest.fixture
def make_adapter(tmp_path):
    def make(name):
        adapter = SqliteAdapter(tmp_path / name / "local.db")
        adapter.open()
        return adapter

    return make


def uids(adapter):
    with adapter.connection():
        return [row["uid"] for row in rows(adapter)]


def test_two_files_of_two_persons_have_no_uid_in_common(make_adapter):
    content = export([window(0, 10), window(20, 30)])
    one, other = make_adapter("one"), make_adapter("other")
    for adapter in (one, other):
        assert take(adapter, content, person="").stored == 2
        assert take(adapter, content, person="").stored == 0
    assert set(uids(one)).isdisjoint(uids(other))


def test_a_file_keeps_the_name_of_its_person(make_adapter):
    adapter = make_adapter("one")
    with adapter.connection():
        name = person_of(adapter)
        assert person_of(adapter) == name
    again = make_adapter("one")
    with again.connection():
        assert person_of(again) == name


def test_two_files_of_one_person_agree(make_adapter):
    content = export([window(0, 10), window(20, 30)])
    one, other = make_adapter("one"), make_adapter("other")
    for adapter in (one, other):
        take(adapter, content, person="anna")
    assert uids(one) == uids(other)


def test_what_was_imported_before_anybody_was_known_is_there_once(make_adapter):
    adapter = make_adapter("one")
    take(adapter, export([window(0, 10), window(20, 30)]), person="")
    done = take(adapter, export([window(0, 10), window(20, 35)]), person="anna")
    assert (done.stored, done.overlaps.sessions) == (1, 1)
    with adapter.connection():
        found = [(row["started_at"], row["ended_at"]) for row in rows(adapter)]
    assert sum(end - start for start, end in found) == 25


def test_a_line_s_own_uid_stays_and_a_derived_one_is_the_person_s():
    said = {
        "state": "idle",
        "application_name": "",
        "window_title": "",
        "started_at": stamp(0),
        "ended_at": stamp(1),
    }
    own = "0195d9c2-1f00-7000-8000-00000000000a"
    reader = LineReader("desk", lambda _ms: 60)

    def uid(**more):
        (row,) = reader.read(json.dumps(said | more).encode())
        return row["uid"]

    of_nobody = uid()
    reader.person = "anna"
    of_anna = uid()
    reader.person = "ben"
    assert len({of_nobody, of_anna, uid()}) == 3
    assert uid(uid=own) == own
