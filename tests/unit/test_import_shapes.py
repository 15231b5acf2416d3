"""The shapes that exports of ActivityWatch have had, and what is away."""

import json

import pytest

from reprospective_tray.errors import ImportFileError
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.transfer.importers.activitywatch.importer import Here
from tests.unit.activitywatch import T0, afk, bucket, event, export, rows, said, take, window

pytestmark = pytest.mark.trust

WINDOWS = bucket("currentwindow", [window(0, 50), window(50, 90, title="b.py")])
AWAY = bucket("afkstatus", [afk(0, 30, "not-afk"), afk(30, 60)])
EXPECTED = [("active", "a.py", 0, 30), ("idle", "", 30, 60), ("active", "b.py", 60, 90)]
NAMED = Here("here", lambda _ms: 540, named="desk")


@pytest.fixture
def adapter(tmp_path):
    made = SqliteAdapter(tmp_path / "data" / "local.db")
    made.open()
    return made


@pytest.fixture
def told(adapter):
    def rows_told():
        with adapter.connection():
            return said(adapter)

    return rows_told


def without(thing, *keys):
    return {name: value for name, value in thing.items() if name not in keys}


@pytest.mark.parametrize(
    "content",
    [
        {"buckets": {"w": WINDOWS, "a": AWAY}},
        {"w": WINDOWS, "a": AWAY},
        {"w": WINDOWS, "a": AWAY, "version": "0.8"},
        [WINDOWS, AWAY],
        {"buckets": [WINDOWS, AWAY]},
        {
            "aw-watcher-window_desk": without(WINDOWS, "type"),
            "aw-watcher-afk_desk": without(AWAY, "type"),
        },
        [
            without(WINDOWS, "type") | {"id": "aw-watcher-window_desk"},
            without(AWAY, "type") | {"id": "aw-watcher-afk_desk"},
        ],
    ],
)
def test_buckets_are_found_in_every_shape(adapter, told, content):
    assert take(adapter, content).stored == 3
    assert told() == EXPECTED
    assert take(adapter, export(WINDOWS["events"], AWAY["events"])).stored == 0


def test_one_bucket_alone_is_an_export(adapter, told):
    take(adapter, WINDOWS)
    assert told() == [("active", "a.py", 0, 50), ("active", "b.py", 50, 90)]


def test_bare_events_are_known_by_what_they_say_and_need_the_computer_s_name(adapter, told):
    web = event(0, 9, title="A page", url="https://x", audible=False)
    content = [*WINDOWS["events"], *AWAY["events"], web, window(99, 98), event(0, 9)]
    with pytest.raises(ImportFileError, match="which computer") as caught:
        take(adapter, content)
    assert "--host" in caught.value.remedy
    done = take(adapter, content, here=NAMED)
    assert told() == EXPECTED
    assert done.other_buckets == ("2 other events",)
    assert done.events.bad_places == ("  event 6: its duration is negative: -0.001",)
    with adapter.connection():
        assert {row["source_host"] for row in rows(adapter)} == {"desk"}


def test_a_bucket_that_names_no_computer_is_of_the_one_that_is_named(adapter):
    take(adapter, [bucket("currentwindow", [window(0, 9)], None)], here=NAMED)
    take(adapter, [bucket("currentwindow", [window(0, 9)], "other")], here=NAMED)
    with adapter.connection():
        assert sorted(row["source_host"] for row in rows(adapter)) == ["desk", "other"]


@pytest.mark.parametrize(
    "content", [[], {}, [1, 2], ["a"], {"buckets": []}, {"a": 1}, {"a": []}, 7, "text", None]
)
def test_what_has_none_of_the_shapes_is_no_export(adapter, content):
    with pytest.raises(ImportFileError, match="not an ActivityWatch export"):
        take(adapter, content, here=NAMED)


def test_lone_surrogates_are_read_in_every_shape(adapter, told):
    text = json.dumps([window(0, 9, title="\ud83d x")]).encode()
    take(adapter, text, here=NAMED)
    assert told() == [("active", "\ufffd x", 0, 9)]


@pytest.mark.parametrize("status", ["afk", "hibernating"])
def test_hibernating_is_away(adapter, told, status):
    take(adapter, export([window(0, 20)], [afk(5, 15, status)]))
    assert told() == [("active", "a.py", 0, 5), ("idle", "", 5, 15), ("active", "a.py", 15, 20)]


def test_the_numbers_of_what_became_of_events_are_given(adapter):
    hour = 3_600_000
    done = take(
        adapter,
        export(
            [
                window(0, hour),
                window(600_000, 601_000, "Mail"),
                window(hour, hour + 5),
                window(hour + 5, hour + 5),
                window(2 * hour + 1, 2 * hour + 2),
            ],
            [afk(2 * hour, 3 * hour), afk(0, 2 * hour, "not-afk"), window(9, 8)],
        ),
    )
    events = done.events
    assert (events.read, events.bad, events.empty) == (7, 1, 1)
    assert (events.merged, events.clipped, events.hidden) == (1, 1, 1)
    with adapter.connection():
        lengths = {}
        for row in rows(adapter):
            name = row["application_name"]
            lengths[name] = lengths.get(name, 0) + row["ended_at"] - row["started_at"]
            assert row["started_at"] >= T0
    assert lengths == {"Code": hour - 1000 + 5, "Mail": 1000, "": hour}
