"""What `export` and `report` leave behind: a whole file of a new name, or nothing and one line."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest

from reprospective_tray.checks.storage import size_text
from tests.desktop.command_line import (
    ROOT,
    SECONDS,
    Command,
    Done,
    assert_good,
    assert_refused,
    command_of,
    environment,
)
from tests.desktop.test_data_commands import SESSIONS, command, sessions
from tests.small_disk import small_disk
from tests.support import User, fresh_user

__all__ = ["command", "sessions"]

MANY = 3000
REPORT = ("report", "--from", "2026-03-05", "--to", "2026-04-02", "--format", "html")
EXPORTS = [("export", "-o"), ("export", "--format", "csv", "-o"), ("export", "--snapshot")]


@pytest.fixture(scope="module")
def filled() -> Iterator[User]:
    """A person with more sessions than wait in memory before they are written."""
    with fresh_user() as person:
        file = person.folder / "many.jsonl"
        with file.open("w", encoding="utf-8") as stream:
            for number in range(MANY):
                start = f"2026-04-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
                line = {
                    "state": "active",
                    "application_name": f"Editor {number % 500}",
                    "window_title": "x" * 100,
                    "started_at": f"{start}.000Z",
                    "ended_at": f"{start}.900Z",
                }
                stream.write(json.dumps(line) + "\n")
        assert_good(command_of(person)("import", file))
        yield person


@pytest.fixture
def many(user: User, filled: User) -> User:
    """Another person with the same sessions."""
    shutil.copytree(filled.paths.data, user.paths.data)
    return user


@pytest.fixture
def place(user: User) -> Path:
    """An empty folder for what is exported."""
    made = user.folder / "place"
    made.mkdir()
    return made


def in_shell(user: User, line: str, **env: str) -> Done:
    """Run a line of the shell in which $PROGRAM is the program."""
    program = f"{sys.executable} -m reprospective_tray"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env={**environment(user), "PROGRAM": program, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def assert_one_line(stderr: str, *said: str) -> None:
    assert len(stderr.splitlines()) == 1, stderr
    assert stderr.startswith("reprospective-tray: ")
    assert "internal" not in stderr
    for text in said:
        assert text in stderr


def living(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        query = "select count(*) from desktop_activity_sessions where deleted = 0"
        return connection.execute(query).fetchone()[0]


@pytest.mark.usefixtures("sessions")
def test_an_export_says_how_many_sessions_it_wrote_how_large_and_where(
    command: Command, place: Path
) -> None:
    for form in ("jsonl", "csv"):
        file = place / f"file.{form}"
        done = command("export", "--format", form, "-o", file)
        assert (done.returncode, done.stdout) == (0, "")
        said = f"{SESSIONS} sessions ({size_text(file.stat().st_size)}) were written to {file}.\n"
        assert done.stderr == said
        assert file.stat().st_mode & 0o777 == 0o600
    one = command(
        *("export", "--from", "2026-03-02T00:00Z", "--to", "2026-03-03T00:00Z"),
        *("-o", place / "one"),
    )
    assert one.stderr.startswith("1 session (")
    assert sorted(path.name for path in place.iterdir()) == ["file.csv", "file.jsonl", "one"]


@pytest.mark.usefixtures("sessions")
def test_a_snapshot_is_a_whole_database_of_its_own_and_says_so(
    command: Command, place: Path
) -> None:
    copy = place / "copy.db"
    said = assert_good(command("export", "--snapshot", copy))
    assert str(copy) in said
    assert f" {SESSIONS} sessions, " in said
    assert size_text(copy.stat().st_size) in said
    assert living(copy) == SESSIONS
    assert [path.name for path in place.iterdir()] == ["copy.db"]


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize("option", ["-o", "--snapshot"])
def test_what_is_there_is_replaced_with_force_alone(
    command: Command, place: Path, option: str
) -> None:
    file, link, dangling = place / "file", place / "link", place / "dangling"
    file.write_text("mine", "utf-8")
    file.chmod(0o640)
    link.symlink_to(file)
    dangling.symlink_to(place / "absent")
    for target in (file, link, dangling):
        assert_refused(command("export", option, target), 1, str(target), "--force")
    assert file.read_text("utf-8") == "mine"
    assert sorted(path.name for path in place.iterdir()) == ["dangling", "file", "link"]

    assert command("export", option, link, "--force").returncode == 0
    assert command("export", option, dangling, "--force").returncode == 0
    assert link.is_symlink()
    assert dangling.is_symlink()
    assert file.read_bytes() != b"mine"
    assert file.stat().st_mode & 0o777 == 0o640
    assert len(file.read_bytes()) == len((place / "absent").read_bytes())
    names = ["absent", "dangling", "file", "link"]
    assert sorted(path.name for path in place.iterdir()) == names


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize("option", ["-o", "--snapshot"])
def test_no_folder_and_no_part_of_the_database_is_ever_replaced(
    command: Command, user: User, place: Path, option: str
) -> None:
    for target, said in ((place, str(place)), (Path("/"), "directory"), (place / "no/x", "no/x")):
        assert_refused(command("export", option, target, "--force"), 1, said)
    assert_refused(command("export", option, ""), 2, option)
    before = user.database.read_bytes()
    link, hard = place / "link", place / "hard"
    link.symlink_to(user.database)
    hard.hardlink_to(user.database)
    wal = Path(f"{user.database}-wal")
    for target in (user.database, link, hard, wal):
        assert_refused(command("export", option, target, "--force"), 2, "database")
    leftover = Path(f"{user.database}.leftover")
    leftover.write_bytes(b"changes")
    assert_refused(command("export", option, leftover, "--force"), 2, "database")
    assert leftover.read_bytes() == b"changes"
    assert user.database.read_bytes() == before
    assert not wal.exists()


def test_force_without_a_file_and_a_snapshot_to_stdout_are_wrong_usage(command: Command) -> None:
    for words in (("--force",), ("-o", "-", "--force"), ("-o", "/dev/stdout", "--force")):
        assert_refused(command("export", *words), 2, "--force")
    for target in ("-", "/dev/stdout"):
        assert_refused(command("export", "--snapshot", target), 2, "--snapshot", "stdout")
    assert_refused(command("export", "--snapshot", "x", "-o", "y"), 2, "--force")


@pytest.mark.usefixtures("sessions")
def test_an_export_goes_to_stdout_a_device_or_a_pipe(
    command: Command, user: User, place: Path
) -> None:
    exported = assert_good(command("export"))
    assert assert_good(command("export", "-o", "-")) == exported
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        assert assert_good(command("export", "-o", name)) == exported
    done = command("export", "-o", "/dev/null")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{SESSIONS} sessions were written to /dev/null.\n"
    assert Path("/dev/null").is_char_device()
    pipe = place / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=PIPE) as reader:
        assert command("export", "-o", pipe).returncode == 0
        assert reader.communicate(timeout=SECONDS)[0].decode() == exported
    assert pipe.is_fifo()
    for target in (pipe, "/dev/null"):
        assert_refused(command("export", "--snapshot", target, "--force"), 1, "regular file")
    file = place / "file"
    line = "echo before > $FILE; $PROGRAM export -o NAME NUMBER>> $FILE"
    for name, number in (("/dev/stdout", "1"), ("/dev/stderr", "2"), ("/dev/fd/7", "7")):
        text = line.replace("NAME", name).replace("NUMBER", number)
        assert in_shell(user, text, FILE=str(file)).returncode == 0
        found = file.read_text("utf-8")
        assert found.startswith("before\n" + exported), name
    assert_refused(command("export", "-o", "/dev/fd/99"), 1, "/dev/fd/99")


@pytest.mark.trust
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [("export",), REPORT, ("report",), ("export", "-o", "-")])
def test_output_to_a_full_device_is_one_line(
    many: User, words: tuple[str, ...], unbuffered: str
) -> None:
    line = f"$PROGRAM {' '.join(words)} > /dev/full"
    done = in_shell(many, line, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert_one_line(done.stderr, "No space left")


@pytest.mark.trust
def test_an_export_into_a_full_device_or_a_pipe_without_a_reader_is_one_line_with_its_name(
    command: Command, many: User, place: Path
) -> None:
    done = command("export", "-o", "/dev/full")
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_line(done.stderr, "/dev/full", "No space left")
    pipe = place / "pipe"
    os.mkfifo(pipe)
    done = in_shell(many, "head -c 9 $PIPE > /dev/null & $PROGRAM export -o $PIPE", PIPE=str(pipe))
    assert done.returncode == 1
    assert_one_line(done.stderr, str(pipe), "Broken pipe")
    assert pipe.is_fifo()


@pytest.mark.trust
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [("export",), REPORT, ("export", "-o", "/dev/stdout")])
def test_output_that_nobody_reads_any_more_is_one_line(
    many: User, words: tuple[str, ...], unbuffered: str
) -> None:
    program = [sys.executable, "-m", "reprospective_tray", *words]
    env = {**environment(many), "PYTHONUNBUFFERED": unbuffered}
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as stdout:  # noqa: PTH123  a pipe has no path
        done = subprocess.run(
            program, cwd=ROOT, env=env, stdout=stdout, stderr=PIPE, encoding="utf-8", check=False
        )
    assert done.returncode == 1
    assert_one_line(done.stderr, "Broken pipe")


@pytest.mark.trust
def test_an_export_whose_reader_leaves_half_way_is_one_line(many: User) -> None:
    done = in_shell(many, "$PROGRAM export | head -c 9; exit ${PIPESTATUS[0]}")
    assert (done.returncode, len(done.stdout)) == (1, 9)
    assert_one_line(done.stderr, "Broken pipe")


@pytest.mark.trust
@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("words", EXPORTS)
@pytest.mark.parametrize("kilobytes", [4, 256])
def test_a_disk_that_fills_half_way_is_one_line_and_keeps_nothing_and_loses_nothing(
    command: Command, place: Path, words: tuple[str, ...], kilobytes: int
) -> None:
    with small_disk(place, kilobytes):
        file = place / "file"
        for options in ((), ("--force",)):
            done = command(*words, file, *options)
            assert (done.returncode, done.stdout) == (1, "")
            assert_one_line(done.stderr, str(file))
            assert "full" in done.stderr or "No space left" in done.stderr
            assert sorted(path.name for path in place.iterdir()) == (["file"] if options else [])
            file.write_bytes(b"mine")
        assert file.read_bytes() == b"mine"


def test_an_export_is_written_also_where_nobody_hears_that_it_was(many: User, place: Path) -> None:
    done = in_shell(many, "$PROGRAM export -o $FILE 2> /dev/full", FILE=str(place / "file"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len((place / "file").read_text("utf-8").splitlines()) == MANY
    assert in_shell(many, "$PROGRAM frobnicate 2> /dev/full").returncode == 2


@pytest.mark.trust
def test_a_report_to_a_disk_that_fills_is_one_line(many: User, place: Path) -> None:
    with small_disk(place, 4):
        done = in_shell(many, f"$PROGRAM {' '.join(REPORT)} > $FILE", FILE=str(place / "page.html"))
        assert done.returncode == 1
        assert_one_line(done.stderr, "No space left")


@pytest.mark.trust
def test_an_export_of_a_damaged_database_leaves_no_file(
    command: Command, many: User, place: Path
) -> None:
    with closing(sqlite3.connect(many.database)) as connection:
        query = "select rootpage from sqlite_master where name = 'desktop_activity_sessions'"
        (page,) = connection.execute(query).fetchone()
    with many.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    for option in ("-o", "--snapshot"):
        assert_refused(command("export", option, place / "file"), 1, "damaged")
    assert list(place.iterdir()) == []
