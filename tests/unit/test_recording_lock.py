"""One process at a time records into a file, whichever folders and links lead there.

How it can fail: two instances with different state folders record the same time twice; the
lock is another one behind a link; it stops who only reads, or outlives its holder.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from reprospective_tray.errors import StoreError
from reprospective_tray.store.sqlite.recording_lock import RecordingLock
from tests.support import User, fresh_user, wait_until

pytestmark = pytest.mark.trust


FORGET = """
from reprospective_tray.config import loading
from reprospective_tray.commands.forget import forget_sessions
from reprospective_tray.system.paths import Paths

paths = Paths.of_user()
forget_sessions(loading.load(None, paths), paths, ["019d3329-f140-75c1-8a6c-5ea5a48303c6"])
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reprospective_tray", *arguments]


def environment(user: User) -> dict[str, str]:
    machine = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return machine | user.env


def run(user: User, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments),
        env=environment(user),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def recording(user: User, database):
    process = subprocess.Popen(
        command("run", "--no-tray"),
        env=environment(user),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: run(user, "status").returncode == 0 and database.exists(), 30, "a start")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def other():
    with fresh_user() as person:
        yield person


def config_for(user: User, database) -> None:
    user.write_config(f"database: {{local: {{path: {database}}}}}")


@pytest.mark.skipif(os.name == "nt", reason="needs links and signals")
@pytest.mark.parametrize("way", ["the same path", "a link to it", "a linked folder", "dots"])
def test_a_second_instance_with_other_folders_does_not_record_into_the_same_file(
    user, other, tmp_path, way
):
    database = tmp_path / "shared" / "sessions.db"
    database.parent.mkdir()
    link, folder = tmp_path / "link.db", tmp_path / "folder"
    link.symlink_to(database)
    folder.symlink_to(database.parent)
    config_for(user, database)
    second = {
        "the same path": database,
        "a link to it": link,
        "a linked folder": folder / database.name,
        "dots": database.parent / ".." / "shared" / database.name,
    }[way]
    config_for(other, second)
    with recording(user, database):
        refused = run(other, "run", "--no-tray")
        assert refused.returncode == 1
        assert str(database) in refused.stderr
        assert "Traceback" not in refused.stderr
        # Who only reads is let in; who would change what is recorded is not.
        assert run(other, "report").returncode == 0
        forget = subprocess.run(
            [sys.executable, "-c", FORGET],
            env=environment(other),
            capture_output=True,
            text=True,
            check=False,
        )
        assert str(database) in forget.stderr.splitlines()[-1]
    with recording(other, database):
        pass
    with closing(sqlite3.connect(database)) as reader:
        assert reader.execute("PRAGMA quick_check").fetchone() == ("ok",)


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_it_goes_with_its_holder(user, other, tmp_path):
    database = tmp_path / "sessions.db"
    for each in (user, other):
        config_for(each, database)
    with recording(user, database) as process:
        process.kill()
        process.wait(30)
        with recording(other, database):
            pass


def test_where_no_lock_can_be_made_recording_is_not_stopped(tmp_path, caplog):
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    RecordingLock(folder / "local.db").acquire()
    assert "cannot be locked" in caplog.text


def test_a_new_folder_has_the_rights_of_the_database(tmp_path):
    lock = RecordingLock(tmp_path / "data" / "local.db", "group")
    lock.acquire()
    with pytest.raises(StoreError):
        RecordingLock(tmp_path / "data" / "local.db").acquire()
    lock.release()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o750
    RecordingLock(tmp_path / "data" / "local.db").acquire()


@pytest.mark.long
def test_settings_that_name_a_file_of_another_instance_are_refused(user, other, tmp_path):
    mine, theirs = tmp_path / "mine.db", tmp_path / "theirs.db"
    config_for(user, mine)
    config_for(other, theirs)
    with recording(other, theirs), recording(user, mine):
        config_for(user, theirs)
        wait_until(lambda: str(theirs) in run(user, "status").stdout, 30, "the refusal is shown")
        config_for(user, mine)
        wait_until(lambda: str(theirs) not in run(user, "status").stdout, 30, "it is right again")
