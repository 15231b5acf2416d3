"""The log never gets in the way."""

import logging
import re
import stat
import sys
import threading

import pytest

from reprospective_tray.system import logs
from reprospective_tray.system.paths import Paths

LOGGER = logging.getLogger("reprospective_tray.test")


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "log")


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    root, package = logging.getLogger(), logging.getLogger(logs.PACKAGE)
    before = root.level, package.level, list(root.handlers)
    yield
    for handler in set(root.handlers) - set(before[2]):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[0])
    package.setLevel(before[1])


def test_the_log_is_its_owners_alone(paths):
    logs.setup(paths, verbose=False, console=False)
    LOGGER.info("hello")
    assert stat.S_IMODE(paths.log.stat().st_mode) == 0o700
    assert stat.S_IMODE(paths.log_file.stat().st_mode) == 0o600


def test_a_line_has_local_time_with_its_offset_level_name_and_thread(paths):
    logs.setup(paths, verbose=False, console=False)
    LOGGER.info("hello %s", "you")
    line = paths.log_file.read_text(encoding="utf-8")
    wanted = (
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d "
        r"INFO reprospective_tray\.test \[MainThread\] hello you\n"
    )
    assert re.fullmatch(wanted, line)


@pytest.mark.parametrize(("verbose", "there"), [(False, False), (True, True)])
def test_only_verbose_writes_every_step(paths, verbose, there):
    logs.setup(paths, verbose=verbose, console=False)
    LOGGER.debug("a step")
    assert ("a step" in paths.log_file.read_text(encoding="utf-8")) is there


def test_a_library_is_heard_from_warnings_on_even_when_verbose(paths):
    logs.setup(paths, verbose=True, console=False)
    logging.getLogger("some_library").info("chatter")
    logging.getLogger("some_library").warning("trouble")
    text = paths.log_file.read_text(encoding="utf-8")
    assert "chatter" not in text
    assert "trouble" in text


def test_the_console_has_warnings_without_tracebacks(paths, capsys):
    logs.setup(paths, verbose=False, console=True)
    LOGGER.info("a step")
    try:
        int("the reason")
    except ValueError:
        LOGGER.exception("it failed")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("reprospective-tray: it failed: invalid literal")
    assert err.count("\n") == 1
    assert "Traceback" in paths.log_file.read_text(encoding="utf-8")


def test_the_console_has_tracebacks_when_verbose(paths, capsys):
    logs.setup(paths, verbose=True, console=True)
    try:
        int("the reason")
    except ValueError:
        LOGGER.exception("it failed")
    assert "Traceback" in capsys.readouterr().err


def test_a_program_without_stderr_still_logs(paths, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    logs.setup(paths, verbose=False, console=True)
    LOGGER.warning("hello")
    assert "hello" in paths.log_file.read_text(encoding="utf-8")


def test_a_closed_terminal_is_no_error(paths, capsys):
    logs.setup(paths, verbose=False, console=True)
    terminal = next(h for h in logging.getLogger().handlers if isinstance(h, logs._Terminal))

    class Closed:
        def write(self, _text):
            raise BrokenPipeError

    terminal.setStream(Closed())
    LOGGER.warning("hello")
    assert capsys.readouterr() == ("", "")
    terminal.setStream(sys.stderr)


def test_setting_up_twice_writes_each_line_once(paths):
    logs.setup(paths, verbose=False, console=False)
    logs.setup(paths, verbose=False, console=False)
    LOGGER.info("hello")
    assert paths.log_file.read_text(encoding="utf-8").count("hello") == 1


def test_the_log_keeps_three_files_of_a_bounded_size(paths, monkeypatch):
    monkeypatch.setattr(logs, "MAX_BYTES", 2000)
    logs.setup(paths, verbose=False, console=False)
    for number in range(200):
        LOGGER.info("line %d", number)
    files = sorted(paths.log.iterdir())
    assert [file.name for file in files] == [
        "reprospective-tray.log",
        "reprospective-tray.log.1",
        "reprospective-tray.log.2",
    ]
    assert all(file.stat().st_size <= 2000 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert "line 199" in paths.log_file.read_text(encoding="utf-8")


def test_a_log_folder_that_cannot_be_made_stops_nothing_and_is_said(paths, capsys):
    paths.log.write_text("a file has its name")
    logs.setup(paths, verbose=False, console=True)
    LOGGER.info("hello")
    assert str(paths.log_file) in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_stops_nothing(paths, capsys):
    paths.log.mkdir()
    paths.log_file.symlink_to("/dev/full")
    logs.setup(paths, verbose=False, console=False)
    LOGGER.info("hello")
    handler = next(h for h in logging.getLogger().handlers if isinstance(h, logs._PrivateFile))
    assert capsys.readouterr() == ("", "")
    # What could not be flushed must not raise at the end either.
    logging.getLogger().removeHandler(handler)
    handler.close()


def test_the_log_follows_when_another_process_rotates(paths):
    logs.setup(paths, verbose=False, console=False)
    LOGGER.info("before")
    paths.log_file.rename(paths.log / "reprospective-tray.log.1")
    LOGGER.info("after")
    assert "after" in paths.log_file.read_text(encoding="utf-8")
    assert "after" not in (paths.log / "reprospective-tray.log.1").read_text(encoding="utf-8")


def test_a_folder_that_goes_away_stops_nothing(paths, capsys):
    logs.setup(paths, verbose=False, console=False)
    paths.log_file.unlink()
    paths.log.rmdir()
    LOGGER.info("lost")
    assert capsys.readouterr() == ("", "")
    paths.log.mkdir()
    LOGGER.info("kept")
    assert "kept" in paths.log_file.read_text(encoding="utf-8")


def test_a_lone_surrogate_in_a_line_is_no_error(paths):
    logs.setup(paths, verbose=False, console=False)
    LOGGER.info("title \udcff")
    assert "title ?" in paths.log_file.read_text(encoding="utf-8")


def test_lines_of_several_threads_stay_whole(paths):
    logs.setup(paths, verbose=False, console=False)
    threads = [
        threading.Thread(target=lambda: [LOGGER.info("x" * 50) for _number in range(50)])
        for _thread in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = paths.log_file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 200
    assert all(line.endswith(" " + "x" * 50) for line in lines)
