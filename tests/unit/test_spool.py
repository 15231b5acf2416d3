"""What could not be written before the end is written by the next start: once, and all of it.

How it can fail: a kill between the commit and the removal has it applied twice, and a `Rewind`
in it then takes later sessions back; on a full disk there is no room for it; a kill leaves a
line in two; what cannot be read restarts recording for ever, or is deleted unseen.
"""

import json
import logging
import os
from pathlib import Path

import pytest

from reprospective_tray.store.model.sessions import (
    Put,
    Rewind,
    State,
    StepBack,
)
from reprospective_tray.store.recording import spool
from reprospective_tray.store.recording.recorder import Recorder
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.maintenance import SqliteMaintenance
from tests.small_disk import fill_up
from tests.unit.killing import killed_at_each_line
from tests.unit.recording import T0, assert_days_add_up, rows_of, session, spans

pytestmark = pytest.mark.trust

UNSTORABLE = SqliteMaintenance.unstorable


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "local.db"


def left_by(path: Path) -> Path:
    return SqliteAdapter(path).leftover_file


def room_of(path: Path) -> Path:
    return Path(f"{left_by(path)}.room")


def recorder_for(path: Path, lost: list[str] | None = None) -> Recorder:
    tell = [].append if lost is None else lost.append
    return Recorder(lambda: SqliteAdapter(path), "host", lambda _damaged: None, tell)


def idle_after_all() -> list:
    """Work that was idle time after all, and what came then."""
    work = session(0, 60_000, "work", open=True)
    idle = session(20_000, 200_000, "", state=State.IDLE, window_title="")
    return [
        Put(work),
        Put(session(0, 20_000, "work", uid=work.uid)),
        Rewind(T0 + 20_000),
        Put(idle),
        Put(session(200_000, 900_000, "later")),
    ]


WANTED = [("work", 0, 20_000), ("", 20_000, 200_000), ("later", 200_000, 900_000)]


def start(path: Path) -> None:
    with recorder_for(path).running():
        pass


def test_what_was_applied_before_a_kill_is_not_applied_again(path):
    start(path)
    spool.keep(left_by(path), idle_after_all(), 0)
    content = left_by(path).read_bytes()
    start(path)
    assert spans(path) == WANTED
    left_by(path).write_bytes(content)  # it was killed after the commit
    start(path)
    assert spans(path) == WANTED
    assert not left_by(path).exists()
    assert_days_add_up(path)


def test_of_what_several_runs_have_kept_each_part_is_applied_once(path):
    start(path)
    spool.keep(left_by(path), idle_after_all(), 0)
    first = left_by(path).read_bytes()
    start(path)
    left_by(path).write_bytes(first)
    # The next run could not remove it, nor write.
    step = StepBack(70_000, T0 + 830_000)
    spool.keep(left_by(path), [step, Put(session(830_000, 850_000, "more"))], 0)
    start(path)
    moved = [*WANTED[:1], ("", 20_000, 130_000), ("later", 130_000, 830_000)]
    assert spans(path)[-2:] == [*moved[-1:], ("more", 830_000, 850_000)]
    assert_days_add_up(path)


def take_up(folder: Path) -> None:
    start(folder / "local.db")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(600)
def test_a_kill_at_any_line_of_the_start_changes_nothing(tmp_path):
    template, steps = tmp_path / "template", tmp_path / "steps"
    path = template / "local.db"
    start(path)
    spool.keep(left_by(path), idle_after_all(), 0)
    spool.keep(left_by(path), [Put(session(900_000, 910_000, "of another run"))], 0)
    killed = killed_at_each_line(
        "tests.unit.test_spool:take_up",
        template,
        steps,
        "reprospective_tray.store.recording.spool",
    )
    assert len(killed) > 40
    for folder in killed:
        path = folder / "local.db"
        start(path)
        assert spans(path) == [*WANTED, ("of another run", 900_000, 910_000)], folder
        assert_days_add_up(path)


def keep_and_die(folder: Path) -> None:
    spool.keep(left_by(folder / "local.db"), idle_after_all(), 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(600)
def test_a_kill_at_any_line_of_the_end_spares_what_an_earlier_run_has_kept(tmp_path):
    template, steps = tmp_path / "template", tmp_path / "steps"
    path = template / "local.db"
    start(path)
    earlier = Put(session(-20_000, -10_000, "earlier"))
    spool.keep(left_by(path), [earlier], 0)
    killed = killed_at_each_line(
        "tests.unit.test_spool:keep_and_die",
        template,
        steps,
        "reprospective_tray.store.recording.spool",
    )
    for folder in killed:
        path = folder / "local.db"
        start(path)
        assert spans(path) in (
            [("earlier", -20_000, -10_000)],
            [("earlier", -20_000, -10_000), *WANTED],
        ), folder


def end_on_a_full_disk(
    path: Path, first: int, last: int, lost: list[str], title: str = "t"
) -> None:
    """Record sessions on a full disk, and end."""
    recorder = recorder_for(path, lost)
    with recorder.running():
        fill_up(path.with_name("ballast"))
        for number in range(first, last):
            recorder.record(
                [Put(session(number * 1000, number * 1000 + 900, f"{number}", window_title=title))]
            )
        recorder.record([Put(session(last * 1000, last * 1000 + 900, f"{last}"))])
        assert recorder.waiting


def names(path: Path) -> list[str]:
    return [row[0] for row in rows_of(path, "application_name")]


def test_an_end_on_a_full_disk_keeps_what_is_in_memory_also_the_second_time(
    small_disk, monkeypatch
):
    monkeypatch.setattr(SqliteMaintenance, "last_s", 0.2)
    path = small_disk / "local.db"
    lost: list[str] = []
    end_on_a_full_disk(path, 0, 400, lost)
    end_on_a_full_disk(path, 401, 800, lost)
    assert left_by(path).stat().st_mode & 0o777 == 0o600
    (small_disk / "ballast").unlink()
    start(path)
    assert names(path) == [str(number) for number in range(801)]
    assert lost == []
    assert room_of(path).stat().st_size == spool.ROOM
    assert_days_add_up(path)


def test_what_cannot_be_kept_at_all_is_said_and_what_came_first_is_kept(small_disk, monkeypatch):
    monkeypatch.setattr(SqliteMaintenance, "last_s", 0.2)
    path = small_disk / "local.db"
    lost: list[str] = []
    end_on_a_full_disk(path, 0, 1000, lost, title="t" * 4000)
    (sentence,) = lost
    (small_disk / "ballast").unlink()
    start(path)
    kept = names(path)
    assert 100 < len(kept) < 1000
    assert kept == [str(number) for number in range(len(kept))]
    assert str(1001 - len(kept)) in sentence
    assert_days_add_up(path)


def test_a_disk_that_is_full_from_the_start_on_says_what_it_loses(small_disk, monkeypatch):
    monkeypatch.setattr(SqliteMaintenance, "last_s", 0.2)
    path = small_disk / "local.db"
    fill_up(small_disk / "ballast")
    lost: list[str] = []
    recorder = recorder_for(path, lost)
    with recorder.running():
        recorder.record([Put(session(0, 1000))])
    assert len(lost) == 1


def test_room_is_made_as_soon_as_the_disk_has_some(small_disk):
    path = small_disk / "local.db"
    ballast = small_disk / "ballast"
    fill_up(ballast)
    recorder = recorder_for(path)
    with recorder.running():
        recorder.record([Put(session(0, 1000))])
        assert not room_of(path).exists()
        ballast.unlink()
        assert recorder.flush(to_the_end=True)
        assert room_of(path).stat().st_size == spool.ROOM


def test_room_that_there_was_none_for_at_the_start_is_made_once_writing_goes_on(small_disk):
    path = small_disk / "local.db"
    ballast = small_disk / "ballast"
    recorder = recorder_for(path)
    with recorder.running():
        room_of(path).unlink()
        fill_up(ballast)
        for number in range(400):
            recorder.record([Put(session(number * 1000, number * 1000 + 900))])
        assert recorder.problem
        ballast.unlink()
        assert recorder.flush(to_the_end=True)
        assert room_of(path).stat().st_size == spool.ROOM


def test_room_that_cannot_be_written_over_gives_its_place(small_disk):
    # As on a file system on which writing over a file needs more of the full disk.
    path = small_disk / "local.db"
    start(path)
    room_of(path).chmod(0o400)
    if os.geteuid() == 0:
        os.chown(room_of(path), 65_534, 65_534)
    fill_up(small_disk / "ballast")
    assert spool.keep(left_by(path), [Put(session(0, 1000, "kept"))], 0) == 1
    (small_disk / "ballast").unlink()
    start(path)
    assert names(path) == ["kept"]


GOOD = session(0, 1000, "good")


def damaged(kind: str) -> bytes:
    plain = {**{name: getattr(GOOD, name) for name in GOOD.__slots__}}
    header = {"run": 0, "token": "t"}
    lines = [header, ["Put", {"session": plain}]]
    beyond = {**plain, "uid": "x", "process_id": 1 << 70}
    more = {
        "torn": b'["Put", {"session": {"uid": ',
        "unknown": b'["Other", {}]',
        "nothing": b"null",
        "number": b"17",
        "deep": b"[" * 100_000,
        "beyond": json.dumps(["Put", {"session": beyond}]).encode(),
        "backwards": json.dumps(
            ["Put", {"session": {**plain, "ended_at": 0, "uid": "y"}}]
        ).encode(),
        "bytes": bytes(range(128, 256)),
    }[kind]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines) + more


@pytest.mark.parametrize(
    "kind",
    ["torn", "unknown", "nothing", "number", "deep", "beyond", "backwards", "bytes"],
)
def test_a_damaged_leftover_is_set_aside_and_said_and_recording_goes_on(path, kind, caplog):
    start(path)
    content = damaged(kind)
    left_by(path).write_bytes(content)
    lost: list[str] = []
    recorder = recorder_for(path, lost)
    with recorder.running():
        recorder.record([Put(session(5000, 6000, "new"))])
    assert names(path) == ["good", "new"]
    (aside,) = path.parent.glob("*.leftover.damaged-*")
    assert aside.read_bytes() == content
    assert not left_by(path).exists()
    (sentence,) = lost
    assert str(aside) in sentence
    assert [record for record in caplog.records if record.levelno >= logging.ERROR]
    start(path)
    assert lost == [sentence]


def test_something_else_in_its_place_stops_no_recording(path):
    start(path)
    left_by(path).mkdir()
    lost: list[str] = []
    with recorder_for(path, lost).running() as _nothing:
        pass
    assert len(lost) == 1
    assert not left_by(path).exists()


def test_what_an_older_version_has_kept_is_written(path):
    start(path)
    plain = {name: getattr(GOOD, name) for name in GOOD.__slots__}
    old = [{"run": 0, "changes": [["Put", {"session": plain}], ["Rewind", {"moment": T0 + 700}]]}]
    left_by(path).write_text(json.dumps(old))
    start(path)
    assert spans(path) == [("good", 0, 700)]
    assert not left_by(path).exists()


def test_its_titles_are_overwritten_once_they_are_written(path):
    start(path)
    spool.keep(left_by(path), [Put(session(0, 1, window_title="MARKED"))], 0)
    number = left_by(path).stat().st_ino
    start(path)
    assert room_of(path).stat().st_ino == number
    assert not any(room_of(path).read_bytes())
