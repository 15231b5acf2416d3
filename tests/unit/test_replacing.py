"""Files that come into being whole: what is there stays until then, and whatever happens."""

import os
import signal
import sys
from pathlib import Path

import pytest

from reprospective_tray.commands.output.target import cleaning_up, open_output
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.system.private_files import replacing
from tests.unit.stored import fresh_adapter


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with replacing(target, overwrite=False) as partial:
        partial.write_text("whole", "utf-8")
        assert not target.exists()
    assert target.read_text("utf-8") == "whole"
    assert names(tmp_path) == ["file"]


def test_what_appears_meanwhile_under_the_name_stays(tmp_path: Path) -> None:
    target = tmp_path / "file"

    def write() -> None:
        with replacing(target, overwrite=False) as partial:
            partial.write_text("mine", "utf-8")
            target.write_text("theirs", "utf-8")

    with pytest.raises(FileExistsError):
        write()
    assert target.read_text("utf-8") == "theirs"
    assert names(tmp_path) == ["file"]


def test_what_fails_half_way_leaves_nothing_and_neither_do_files_beside_it(tmp_path: Path) -> None:
    def write() -> None:
        with replacing(tmp_path / "file", overwrite=False) as partial:
            partial.write_text("half", "utf-8")
            partial.with_name(f"{partial.name}-journal").write_text("beside", "utf-8")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  the one from above
        write()
    assert names(tmp_path) == []


@pytest.mark.trust
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_wish_to_end_half_way_leaves_nothing(tmp_path: Path, number: str) -> None:
    def write() -> None:
        with cleaning_up(), open_output(tmp_path / "file") as stream:
            stream.write("half")
            os.kill(os.getpid(), getattr(signal, number))
            pytest.fail("it went on")

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        write()
    assert names(tmp_path) == []
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_what_nohup_lets_a_command_ignore_stays_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cleaning_up(), open_output(tmp_path / "file") as stream:
            os.kill(os.getpid(), signal.SIGHUP)
            stream.write("whole")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (tmp_path / "file").read_text("utf-8") == "whole"


def test_an_output_that_is_there_is_named_with_what_helps(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ReprospectiveError, match="already exists") as refused, open_output(file):
        pytest.fail("it was opened")
    assert "--force" in refused.value.remedy


def test_a_snapshot_replaces_a_file_only_where_it_is_told_to(tmp_path: Path) -> None:
    with fresh_adapter() as adapter:
        assert isinstance(adapter, SqliteAdapter)
        target = tmp_path / "copy.db"
        assert adapter.snapshot(target, overwrite=False) == 0
        target.write_text("mine", "utf-8")
        with pytest.raises(FileExistsError):
            adapter.snapshot(target, overwrite=False)
        assert target.read_text("utf-8") == "mine"
        adapter.snapshot(target)
        assert target.read_bytes().startswith(b"SQLite format 3\0")
