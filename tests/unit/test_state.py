"""What the program remembers between two runs."""

import errno
import logging
import stat
import threading

import pytest

from reprospective_tray import state
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.locks import FileLock
from reprospective_tray.paths import Paths
from reprospective_tray.state import ProgramState


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "log")


FULL = ProgramState(
    paused=True, paused_until=1_800_000_000_000, first_start_at=1, geometry={"summary": "9x9"}
)


def test_without_a_file_nothing_is_remembered(paths, caplog):
    assert state.load(paths) == ProgramState()
    assert caplog.records == []


def test_what_is_saved_is_loaded_again(paths):
    state.save(paths, FULL)
    assert state.load(paths) == FULL


def test_the_file_is_its_owners_alone_and_no_other_is_left(paths):
    state.save(paths, FULL)
    assert stat.S_IMODE(paths.state_file.stat().st_mode) == 0o600
    assert list(paths.state.iterdir()) == [paths.state_file]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"paused": 3}',
        b'{"paused_until": "x"}',
        b"[" * 100_000,
        b"null",
    ],
)
def test_a_damaged_file_counts_as_empty_and_the_log_says_so(paths, caplog, content):
    paths.state.mkdir()
    paths.state_file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert state.load(paths) == ProgramState()
    assert str(paths.state_file) in caplog.text


def test_a_folder_of_its_name_counts_as_empty(paths, caplog):
    paths.state_file.mkdir(parents=True)
    assert state.load(paths) == ProgramState()
    assert str(paths.state_file) in caplog.text


def test_what_a_newer_version_wrote_is_no_damage(paths):
    paths.state.mkdir()
    paths.state_file.write_bytes(b'{"paused": true, "new_key": [1]}')
    assert state.load(paths) == ProgramState(paused=True)


def test_update_changes_the_named_fields_alone(paths):
    state.save(paths, FULL)
    changed = state.update(paths, paused=False, paused_until=None)
    assert changed == state.load(paths)
    assert changed.first_start_at == 1
    assert changed.geometry == {"summary": "9x9"}
    assert not changed.paused


def test_two_writers_at_once_undo_nothing_of_each_other(paths):
    together = threading.Barrier(2)

    def write(field):
        together.wait()
        for number in range(1, 51):
            state.update(paths, **{field: number})

    writers = [
        threading.Thread(target=write, args=(field,))
        for field in ("paused_until", "first_start_at")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert state.load(paths) == ProgramState(paused_until=50, first_start_at=50)


def test_a_lock_that_is_never_given_back_does_not_stop_a_pause(paths, monkeypatch, caplog):
    monkeypatch.setattr(state, "LOCK_SECONDS", 0.05)
    paths.state.mkdir()
    other = FileLock(paths.state / "state.lock")
    assert other.acquire()
    state.update(paths, paused=True)
    other.release()
    assert state.load(paths).paused
    assert "locked" in caplog.text


def test_a_full_disk_is_an_error_and_leaves_what_was_there(paths, monkeypatch):
    state.save(paths, FULL)

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ReprospectiveError, match="No space left") as caught:
        state.save(paths, ProgramState())
    assert caught.value.remedy
    assert state.load(paths) == FULL
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
