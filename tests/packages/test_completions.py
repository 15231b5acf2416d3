"""Shell completion and the manual page: they say what the commands are, and load."""

import shutil
import subprocess

import pytest

from installer.debian import completions, manual
from reprospective_tray.commands.command_line.all_commands import make_parser
from reprospective_tray.commands.command_line.instance import HIDDEN
from reprospective_tray.system.paths import Paths
from tests.unit.test_command_line import PARSERS, children

OFFERED = {words: parser for words, parser in PARSERS.items() if not set(words) & set(HIDDEN)}
MAN = shutil.which("man")


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    file = tmp_path_factory.mktemp("bash") / "completion"
    file.write_text(completions.script(make_parser(), "bash"), "utf-8")
    return file


def completed(script, *words, folder="/"):
    """Return what bash offers for the last of these words."""
    ask = (
        'source "$0"; COMP_WORDS=(reprospective-tray "$@"); COMP_CWORD=$#;'
        '_reprospective_tray; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", ask, script, *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_takes_the_script_for_the_programs_name(script):
    told = f'source "{script}"; complete -p reprospective-tray'
    done = subprocess.run(["bash", "-c", told], capture_output=True, text=True, check=True)
    expected = "complete -o bashdefault -F _reprospective_tray reprospective-tray\n"
    assert done.stdout == expected


@pytest.mark.parametrize("words", OFFERED, ids=" ".join)
def test_every_command_and_every_option_is_offered(script, words):
    options = {*OFFERED[words]._option_string_actions}
    assert set(completed(script, *words, "-")) == options
    if names := children(OFFERED[words]):
        assert completed(script, *words, "") == names
    elif words != ("import",):  # a file
        assert set(completed(script, *words, "")) == options


def test_no_command_is_offered_that_the_program_keeps_for_itself(script):
    assert not set(HIDDEN) & set(completed(script, ""))
    assert {"report", "stop"} <= set(completed(script, ""))


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["rep"], ["report"]),
        (["sto"], ["stop"]),
        (["forget", "--dr"], ["--dry-run"]),
        (["--config", "x", "re"], ["resume", "report"]),
        (["report", "--format", ""], ["text", "json", "markdown", "csv", "html", "ics"]),
        (["export", "--format", "c"], ["csv"]),
        (["report", "--host", "server", "--so"], ["--source"]),
        (["report", "--date", ""], []),
        (["report", "--date", "today", "--ho"], ["--host"]),
        (["server", "add-person", "--d"], ["--dsn"]),
        (["--config", "har"], ["harbour.yaml"]),
        (["import", "har"], ["harbour.yaml"]),
        (["export", "-o", "har"], ["harbour.yaml"]),
    ],
)
def test_what_fits_the_place_is_offered(script, tmp_path, words, offered):
    (tmp_path / "harbour.yaml").touch()
    assert completed(script, *words, folder=tmp_path) == offered


def test_what_is_offered_is_what_the_program_takes(script):
    for form in completed(script, "report", "--format", ""):
        make_parser().parse_args(["report", "--format", form])


@pytest.mark.skipif(MAN is None, reason="apt-get install man-db")
def test_the_manual_page_renders_without_a_warning(tmp_path):
    page = tmp_path / "reprospective-tray.1"
    page.write_text(manual.page(make_parser(), "1.2.3", 1_795_000_000), "utf-8")
    done = subprocess.run(
        [MAN, "--warnings", "--encoding=UTF-8", "--local-file", page],
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANPAGER": "cat", "MANWIDTH": "80"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    shown = done.stdout
    sections = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS"]
    sections += ["ENVIRONMENT", "FILES", "YOUR DATA", "EXAMPLES", "SEE ALSO"]
    headings = [line for line in shown.splitlines() if line.isupper() and line[0] != " "]
    assert headings == sections
    for words, parser in OFFERED.items():
        assert " ".join(words) in shown
        assert all(option in shown for option in parser._option_string_actions)
    assert not any(name in shown for name in ("control-window", "forget-window"))


def test_the_manual_names_the_folders_that_the_program_uses(monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    paths = Paths.of_user()
    page = manual.page(make_parser(), "1.2.3", 0)
    for path in (paths.config_file, paths.data / "data/local_cache.db", f"{paths.state}/"):
        assert f".I {path}".replace("/home/anna", "~") in page
    assert paths.log == paths.state / "log"
