"""What the program remembers between two runs."""

import errno
import logging
import os
import stat
import threading
from pathlib import Path

import msgspec
import pytest

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.runtime.state import program_state, shown
from reprospective_tray.runtime.state.program_state import ProgramState
from reprospective_tray.system import remembered_file
from reprospective_tray.system.file_lock import FileLock
from reprospective_tray.system.paths import Paths


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "log")


FULL = ProgramState(
    paused=True,
    paused_until=1_800_000_000_000,
    paused_at=1_700_000_000_000,
    told_paused_on="2026-11-25",
    first_start_at=1,
)


def test_without_a_file_nothing_is_remembered(paths, caplog):
    assert program_state.load(paths) == ProgramState()
    assert caplog.records == []


def test_what_is_saved_is_loaded_again(paths):
    program_state.save(paths, FULL)
    assert program_state.load(paths) == FULL


def test_the_file_is_its_owners_alone_and_no_other_is_left(paths):
    program_state.save(paths, FULL)
    assert stat.S_IMODE(paths.state_file.stat().st_mode) == 0o600
    assert list(paths.state.iterdir()) == [paths.state_file]


UNREADABLE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"\x00" * 40,
    b"[" * 100_000,
    b'{"paused": 3}',
    b'{"paused": null}',
    b'{"paused": "false"}',
    b'{"paused": tru',
    b'{"paused_until": 1800000000000}',
    b'{"paused": true, "paused_until": "x"}',
    b'{"paused": true, "paused_until": 1e300}',
    b'{"paused": true, "paused_until": -1}',
    b'{"paused": true, "paused_until": 99999999999999999999999}',
    b'{"first_start_at": 1, "paused": {"until": 5}}',
]


@pytest.mark.trust
@pytest.mark.parametrize("content", UNREADABLE)
def test_a_pause_that_cannot_be_read_is_one_until_the_person_resumes(paths, caplog, content):
    paths.state.mkdir()
    paths.state_file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        found = program_state.load(paths)
    assert (found.paused, found.paused_until) == (True, None)
    assert found.is_paused_at(program_state.LAST_INSTANT)
    # It is kept, under a name that is said, and is a pause for the next start as well.
    written = program_state.update(paths, told_paused_on="2026-11-25")
    assert Path(written.unread_pause).read_bytes() == content
    assert program_state.load(paths) == written
    assert (written.paused, written.paused_until) == (True, None)
    resumed = program_state.update(paths, paused=False, unread_pause="")
    assert program_state.load(paths) == resumed
    assert not resumed.paused


@pytest.mark.trust
@pytest.mark.parametrize("paused", [True, False])
def test_a_file_that_was_cut_anywhere_is_no_reason_to_record(paths, paused):
    program_state.save(paths, ProgramState(paused=paused, paused_at=1, first_start_at=1))
    whole = paths.state_file.read_bytes()
    for length in range(len(whole)):
        paths.state_file.write_bytes(whole[:length])
        assert program_state.load(paths).paused


@pytest.mark.trust
@pytest.mark.parametrize(
    ("wrong", "lost"),
    [
        ('"paused_at": "noon"', "paused_at"),
        ('"told_paused_on": 7', "told_paused_on"),
        ('"first_start_at": []', "first_start_at"),
        ('"paused_at": -5', "paused_at"),
    ],
)
@pytest.mark.parametrize("paused", [True, False])
def test_a_wrong_field_spoils_no_other(paths, wrong, lost, paused):
    expected = ProgramState(
        paused=paused, paused_at=3, told_paused_on="2026-11-25", first_start_at=1
    )
    program_state.save(paths, expected)
    content = paths.state_file.read_bytes().decode()
    paths.state_file.write_text(f"{content[:-1]}, {wrong}}}")
    # When the first start was is unknown then, but there was one.
    default = 0 if lost == "first_start_at" else getattr(ProgramState(), lost)
    meant = msgspec.structs.replace(expected, **{lost: default})
    assert program_state.load(paths) == meant
    damaged = paths.state_file.read_bytes()
    assert program_state.update(paths) == meant
    assert damaged in [file.read_bytes() for file in paths.state.iterdir()]


@pytest.mark.trust
def test_a_state_that_cannot_be_opened_is_a_pause_and_stays_as_it_is(paths, caplog):
    paths.state_file.mkdir(parents=True)
    found = program_state.load(paths)
    assert found.paused
    assert found.first_start_at is not None
    assert str(paths.state_file) in caplog.text
    with pytest.raises(ReprospectiveError, match=r"state\.json") as caught:
        program_state.update(paths, paused=False)
    assert caught.value.remedy
    assert paths.state_file.is_dir()


@pytest.mark.trust
@pytest.mark.skipif(os.name == "nt", reason="rights and owners are POSIX's")
def test_a_state_that_may_not_be_read_is_a_pause_and_is_not_replaced(paths):
    program_state.save(paths, FULL)
    before = paths.state_file.stat()
    paths.state_file.chmod(0o000)
    if os.geteuid() == 0:
        os.chown(paths.state_file, 65_534, 65_534)  # root may read all but what is another's
    assert program_state.load(paths).paused
    with pytest.raises(ReprospectiveError, match=r"state\.json"):
        program_state.update(paths, paused=False)
    now = paths.state_file.stat()
    assert (now.st_ino, now.st_size) == (before.st_ino, before.st_size)


def test_what_a_newer_version_wrote_is_no_damage(paths):
    paths.state.mkdir()
    paths.state_file.write_bytes(b'{"paused": true, "new_key": [1]}')
    assert program_state.load(paths) == ProgramState(paused=True)


def test_update_changes_the_named_fields_alone(paths):
    program_state.save(paths, FULL)
    changed = program_state.update(paths, paused=False, paused_until=None)
    assert changed == program_state.load(paths)
    assert changed.first_start_at == 1
    assert changed.told_paused_on == "2026-11-25"
    assert not changed.paused


def test_two_writers_at_once_undo_nothing_of_each_other(paths):
    together = threading.Barrier(2)

    def write(field):
        together.wait()
        for number in range(1, 51):
            program_state.update(paths, **{field: number})

    writers = [
        threading.Thread(target=write, args=(field,)) for field in ("paused_at", "first_start_at")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert program_state.load(paths) == ProgramState(paused_at=50, first_start_at=50)


@pytest.mark.trust
def test_nor_do_they_while_another_process_keeps_the_lock(paths, monkeypatch):
    monkeypatch.setattr(remembered_file, "LOCK_SECONDS", 0.0)
    paths.state.mkdir()
    other = FileLock(paths.state / "state.lock")
    assert other.acquire()
    begun, done = threading.Event(), threading.Event()

    def change_late(reading):
        begun.set()
        done.wait(0.5)  # as long as a slow disk may take; the second writer has to wait
        return msgspec.structs.replace(reading.value, paused_at=50)

    def second():
        assert begun.wait(10)
        program_state.update(paths, first_start_at=50)
        done.set()

    writer = threading.Thread(target=second)
    writer.start()
    remembered_file.change(paths.state_file, ProgramState, change_late)
    writer.join()
    other.release()
    assert program_state.load(paths) == ProgramState(paused_at=50, first_start_at=50)


def test_a_lock_that_is_never_given_back_does_not_stop_a_pause(paths, monkeypatch, caplog):
    monkeypatch.setattr(remembered_file, "LOCK_SECONDS", 0.05)
    paths.state.mkdir()
    other = FileLock(paths.state / "state.lock")
    assert other.acquire()
    program_state.update(paths, paused=True)
    other.release()
    assert program_state.load(paths).paused
    assert "locked" in caplog.text


def test_a_full_disk_is_an_error_and_leaves_what_was_there(paths, monkeypatch):
    program_state.save(paths, FULL)

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ReprospectiveError, match="No space left") as caught:
        program_state.save(paths, ProgramState())
    assert caught.value.remedy
    assert program_state.load(paths) == FULL
    assert list(paths.state.iterdir()) == [paths.state_file]


@pytest.mark.parametrize(
    ("paused", "until", "now", "is_paused"),
    [
        (False, None, 5, False),
        (True, None, 5, True),
        (True, 6, 5, True),
        (True, 5, 5, False),
        (False, 6, 5, False),
    ],
)
def test_a_pause_ends_at_its_instant(paused, until, now, is_paused):
    assert ProgramState(paused=paused, paused_until=until).is_paused_at(now) is is_paused


@pytest.mark.trust
def test_what_windows_remember_is_in_a_file_of_its_own_and_undoes_no_pause(paths):
    program_state.save(paths, FULL)
    before = paths.state_file.read_bytes()
    shown.update(paths, summary_geometry="900x600+40+30", summary_view="week")
    assert paths.state_file.read_bytes() == before
    assert shown.load(paths) == shown.Shown(summary_geometry="900x600+40+30", summary_view="week")


@pytest.mark.trust
def test_a_wrong_field_of_what_windows_remember_spoils_no_other(paths):
    paths.state.mkdir()
    content = b'{"summary_geometry": 7, "summary_view": "month", "told_retention_days": 30}'
    paths.shown_file.write_bytes(content)
    changed = shown.update(paths, told_retention_days=31)
    assert changed == shown.Shown(summary_view="month", told_retention_days=31)
    assert content in [file.read_bytes() for file in paths.state.iterdir()]
