"""Files: what another user has planted or owns is neither followed nor used.

How it can fail: a planted link is written through, a folder is open to all at umask 000, or a
file of another user is read, recorded into or called found.
"""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reprospective_tray.config import loading
from reprospective_tray.desktop.autostart.base import LoginCommand
from reprospective_tray.desktop.autostart.xdg import XdgAutostart
from reprospective_tray.errors import ConfigError, ReprospectiveError, StoreError
from reprospective_tray.ipc.endpoint import Endpoint, find
from reprospective_tray.runtime.state import program_state
from reprospective_tray.store.postgres.device_file import kept_device_id
from reprospective_tray.store.recording import spool
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.file.permissions import prepare_folders
from reprospective_tray.system.file_lock import FileLock
from reprospective_tray.system.ownership import ForeignOwnerError, read_own
from reprospective_tray.system.paths import Paths
from reprospective_tray.system.private_files import make_folders, make_private_folder, write_private

pytestmark = [
    pytest.mark.trust,
    pytest.mark.skipif(os.name == "nt", reason="rights and owners are POSIX's"),
]

STRANGER = 65_534
WITH_UMASK_0 = """
import os, sys
from reprospective_tray.cli import main
os.umask(0)
sys.exit(main(sys.argv[1:]))
"""
as_root = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away"
)


@pytest.fixture
def paths(tmp_path):
    return Paths(*(tmp_path / name for name in ("config", "data", "state", "log")))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", [".x.leftover.{pid}.new", ".x.leftover.new", "x.leftover"])
def test_a_planted_link_is_not_written_through(tmp_path, name):
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    (tmp_path / name.format(pid=os.getpid())).symlink_to(victim)
    write_private(tmp_path / "x.leftover", b"titles")
    assert victim.read_text() == "as it was"
    assert (tmp_path / "x.leftover").read_bytes() == b"titles"
    assert not (tmp_path / "x.leftover").is_symlink()


def test_what_a_killed_writer_left_is_removed_and_a_working_one_is_left_alone(tmp_path):
    old, new = tmp_path / ".x.aaaa.new", tmp_path / ".x.bbbb.new"
    for each in (old, new):
        each.write_text("half")
    os.utime(old, (1, 1))
    write_private(tmp_path / "x", b"whole")
    assert not old.exists()
    assert new.exists()


def test_a_lock_is_not_taken_through_a_link(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"(?i)symbolic links"):
        FileLock(tmp_path / "lock").acquire()
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
@pytest.mark.parametrize(
    "make",
    [
        make_private_folder,
        make_folders,
        lambda folder: prepare_folders(folder / "a.db", "owner", None),
    ],
)
def test_every_folder_that_is_made_is_its_owners_alone(tmp_path, umask, make):
    tmp_path.chmod(0o755)
    old = os.umask(umask)
    try:
        make(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(old)
    folders = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    assert [mode(each) for each in folders] == [0o700] * 3
    assert mode(tmp_path) == 0o755


def test_a_folder_is_open_to_nobody_before_its_rights_are_set(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "chmod", lambda *_arguments: None)
    old = os.umask(0)
    try:
        make_folders(tmp_path / "a" / "b")
    finally:
        os.umask(old)
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700] * 2


def test_at_umask_000_the_folder_of_login_programs_is_its_owners_alone(tmp_path):
    home = tmp_path / "home"
    old = os.umask(0)
    try:
        XdgAutostart(home).enable(LoginCommand((sys.executable, "run")))
    finally:
        os.umask(old)
    (entry,) = (home / "autostart").iterdir()
    assert [mode(each) for each in (home, entry.parent, entry)] == [0o700, 0o700, 0o600]


def test_at_umask_000_a_whole_command_leaves_nothing_open(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
    }
    for words in (["config", "init"], ["autostart", "enable"], ["status"], ["import", "x.jsonl"]):
        subprocess.run(
            [
                sys.executable,
                "-c",
                WITH_UMASK_0,
                *words,
            ],
            env=environment,
            check=False,
            capture_output=True,
            timeout=60,
            cwd=tmp_path,
        )
    made = [each for each in home.rglob("*") if not each.is_symlink()]
    assert made
    assert [str(each) for each in made if mode(each) & 0o077] == []


@as_root
def test_a_private_folder_of_another_user_is_refused(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, STRANGER, STRANGER)
    with pytest.raises(ForeignOwnerError, match="another user"):
        make_private_folder(folder)


@as_root
def test_a_link_of_another_user_is_refused(tmp_path):
    mine, link = tmp_path / "mine", tmp_path / "link"
    mine.write_text("1")
    link.symlink_to(mine)
    os.chown(link, STRANGER, STRANGER, follow_symlinks=False)
    with pytest.raises(ForeignOwnerError):
        read_own(link)


@as_root
@pytest.mark.parametrize("reading", [False, True])
@pytest.mark.parametrize("which", ["", "-wal", "-journal"])
def test_a_database_of_another_user_is_refused(tmp_path, reading, which):
    adapter = SqliteAdapter(tmp_path / "a.db")
    adapter.open()
    adapter.close()
    foreign = Path(f"{adapter.path}{which}")
    foreign.touch()
    foreign.chmod(0o600)
    os.chown(foreign, STRANGER, STRANGER)
    with pytest.raises(StoreError, match="another user") as caught:
        SqliteAdapter(adapter.path, read_only=reading).open()
    assert str(foreign) in str(caught.value)
    assert caught.value.remedy


@as_root
def test_a_database_in_a_folder_of_another_user_is_not_recorded_into(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, STRANGER, STRANGER)
    with pytest.raises(StoreError, match="another user"):
        SqliteAdapter(folder / "a.db").open()
    assert list(folder.iterdir()) == []


@as_root
def test_a_database_that_its_owner_shares_with_ones_group_is_read_and_not_written(tmp_path):
    adapter = SqliteAdapter(tmp_path / "a.db")
    adapter.open()
    adapter.close()
    os.chown(adapter.path, STRANGER, os.getegid())
    adapter.path.chmod(0o640)
    SqliteAdapter(adapter.path, read_only=True).open()
    with pytest.raises(StoreError, match="another user"):
        SqliteAdapter(adapter.path).open()


@as_root
def test_state_leftover_and_device_id_of_another_user_are_not_read(paths):
    make_private_folder(paths.state)
    make_private_folder(paths.data)
    program_state.save(paths, program_state.ProgramState(paused=False, first_start_at=5))
    kept = paths.data / "a.db.leftover"
    spool.keep(kept, [], 1)
    kept_device_id(paths.data)
    for each in (paths.state_file, kept, paths.data / "device_id"):
        os.chown(each, STRANGER, STRANGER)
    # What cannot be read may hold a pause, which is then one.
    assert (program_state.load(paths).first_start_at, program_state.load(paths).paused) == (0, True)
    assert spool._read(kept) == ([], 1)
    with pytest.raises(ForeignOwnerError):
        kept_device_id(paths.data)


@as_root
def test_the_address_of_another_users_program_is_not_connected_to(paths):
    listening = Endpoint.open(paths)
    try:
        assert find(paths)
        os.chown(paths.instance_file, STRANGER, STRANGER)
        assert find(paths) is None
    finally:
        listening.close()


@as_root
def test_ones_own_config_is_not_another_users_but_a_named_one_may_be(paths):
    make_private_folder(paths.config)
    paths.config_file.write_text("language: ja\n")
    os.chown(paths.config_file, STRANGER, STRANGER)
    with pytest.raises(ConfigError, match="another user"):
        loading.load(None, paths)
    assert loading.load(paths.config_file, paths).config.language == "ja"


@as_root
def test_the_program_does_not_start_in_a_state_folder_of_another_user(paths):
    paths.state.mkdir()
    os.chown(paths.state, STRANGER, STRANGER)
    with pytest.raises(ReprospectiveError, match="another user"):
        paths.prepare()


@as_root
@pytest.mark.parametrize(
    "name", ["local_cache.db", "local_cache.db-wal", "local_cache.db.leftover", "."]
)
def test_doctor_names_what_another_user_owns(user, name):
    folder = user.folder / "kept"
    folder.mkdir(mode=0o700)
    adapter = SqliteAdapter(folder / "local_cache.db")
    adapter.open()
    adapter.close()
    foreign = folder / name
    foreign.touch()
    os.chown(foreign, STRANGER, STRANGER)
    user.write_config(f"database: {{local: {{path: {adapter.path}}}}}\n")
    done = subprocess.run(
        [sys.executable, "-m", "reprospective_tray", "doctor"],
        env=user.env,
        check=False,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert "another user" in " ".join(done.stdout.split())
    assert done.returncode == 1
