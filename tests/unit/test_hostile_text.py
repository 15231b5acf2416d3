"""Text of others on the way to a person: nothing in it steers a terminal or forges a line.

How it can fail: an escape sequence, a control of direction or a line break in a title, a name, a
setting, or in what a server says before log-in, comes out of a command, the log or a notification.
"""

import json
import logging
import os
import pty
import re
import subprocess
import sys
import unicodedata
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray import clean_text
from reprospective_tray.commands.common import print_json
from reprospective_tray.commands.server import _status_lines
from reprospective_tray.desktop.notifications import Notifier
from reprospective_tray.messages import _, plural
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.postgres.administration.status import Device, ServerStatus
from reprospective_tray.store.postgres.connection.address import ServerAddress
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.system import logs
from tests.fake_server import FakeServer, error
from tests.unit.stored import session

pytestmark = pytest.mark.trust

ATTACKS = {
    "colour": "\x1b[31mred",
    "clear": "\x1b[2J\x1b[H",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://x\x1b\\click",
    "bell": "\x07",
    "C1": "\x9b31m\x9d0;x\x9c",
    "direction": "\u202egpj.exe\u2066\u200f",
    "forged": "x\r\nreprospective-tray: all is well\rover",
    "separator": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "delete": "ab\x08\x08\x7f",
}
ALL = "|".join(ATTACKS.values())
FORGED = "reprospective-tray: all is well"
# Styles of the report's own, on a terminal.
OWN_STYLES = re.compile(r"\x1b\[(?:[0-9;]*)m")


def steering(text: str) -> list[str]:
    """Return what in `text` could steer a terminal, line feeds and tabs apart."""
    return [
        char
        for char in text
        if char not in "\n\t"
        and (
            unicodedata.category(char) in {"Cc", "Zl", "Zp"}
            or unicodedata.bidirectional(char) in {"RLE", "LRE", "RLO", "LRO", "PDF"}
            or unicodedata.bidirectional(char) in {"RLI", "LRI", "FSI", "PDI"}
            or char in "\u200e\u200f\u061c"
        )
    ]


def assert_clean(text: str) -> None:
    assert steering(text) == []
    assert FORGED not in text.splitlines()


@given(st.text(st.characters() | st.sampled_from(ALL)))
def test_one_line_has_nothing_that_steers(text):
    cleaned = clean_text.one_line(text)
    assert steering(cleaned) == []
    assert "\n" not in cleaned
    assert steering(clean_text.lines(text)) == []
    assert steering(OWN_STYLES.sub("", clean_text.styled_lines(text))) == []


@given(st.text(st.characters() | st.sampled_from(ALL)))
def test_json_says_the_same_and_steers_nothing(text):
    shown = clean_text.in_json(json.dumps({"a": text}, ensure_ascii=False))
    assert steering(shown) == []
    assert json.loads(shown) == {"a": text}


@pytest.mark.parametrize("value", [ALL, ValueError(ALL)])
def test_what_a_sentence_is_filled_with_is_one_clean_line(value):
    for sentence in (_("The folder {folder} cannot be used: {reason}"), plural("{a}", "{a}", 2)):
        filled = sentence.format(folder=value, reason=value, a=value)
        assert_clean(filled)
        assert "\n" not in filled


@pytest.mark.parametrize("verbose", [True, False])
def test_the_log_and_stderr_have_one_line_a_message(user, capsys, verbose):
    logs.setup(user.paths, verbose=verbose, console=True)
    try:
        logging.getLogger("reprospective_tray").error("refused: %s", ALL)
        try:
            raise RuntimeError(ALL)  # noqa: TRY301  an error of others
        except RuntimeError:
            logging.getLogger("reprospective_tray").exception("it failed")
    finally:
        written = user.paths.log_file.read_text("utf-8")
        logs.setup(user.paths, verbose=False, console=False)
    assert_clean(written)
    said = capsys.readouterr().err
    assert "refused" in said
    assert_clean(said)


def test_a_notification_has_nothing_that_steers(monkeypatch):
    shown = []
    monkeypatch.setattr("sys.platform", "darwin")  # no service of a desktop: the fallback shows
    Notifier(lambda title, body: shown.extend([title, body])).notify(ALL, ALL)
    assert len(shown) == 2
    assert [steering(each) for each in shown] == [[], []]


PRINTS = """
import sys
from reprospective_tray.commands.output import standard_output
standard_output.prepare()
print(sys.argv[1])
print(sys.argv[1], file=sys.stderr)
standard_output.print_styled(sys.argv[1])
standard_output.flush_or_drop()
"""


def test_whatever_is_printed_steers_nothing():
    done = subprocess.run(
        [sys.executable, "-c", PRINTS, ALL], check=True, capture_output=True, timeout=60
    )
    assert b"owned" in done.stdout
    assert b"owned" in done.stderr
    assert steering(OWN_STYLES.sub("", done.stdout.decode())) == []
    assert steering(done.stderr.decode()) == []


def test_json_for_other_programs_says_the_same_and_steers_nothing():
    stdout = TextIOWrapper(BytesIO(), encoding="ascii")
    with redirect_stdout(stdout):
        print_json({"a": ALL})
        stdout.flush()
    written = stdout.buffer.getvalue().decode()
    assert steering(written) == []
    assert json.loads(written) == {"a": ALL}


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    """Somebody whose sessions, computer and settings have hostile names, and their server too."""
    home = tmp_path_factory.mktemp("home")
    refusal = error(ALL, "28P01", "FATAL")
    with FakeServer(refuses=refusal) as server:
        database = home / "a.db"
        adapter = SqliteAdapter(database)
        adapter.open()
        with adapter.connection():
            writer = SessionWriter(adapter, f"host {ALL}")
            writer.apply(
                [
                    Put(
                        session(
                            "2026-11-23T09:00+00:00",
                            "2026-11-23T10:00+00:00",
                            f"app {ALL}",
                            f"title {ALL}",
                        )
                    )
                ]
            )
        adapter.close()
        settings = {
            "database": {
                "local": {"path": str(database)},
                "remote": {"host": server.host, "port": server.port, "user": "u", "password": "p"},
            },
            "categories": {"rules": [{"category": f"work {ALL}", "application": "app"}]},
            "privacy": {"rules": [{"title": "secret", "action": "redact"}]},
        }
        (home / "c.yaml").write_text(json.dumps(settings), "utf-8")
        wrong = {"database": {f"key {ALL}": f"value {ALL}"}, f"more {ALL}": 1}
        (home / "wrong.yaml").write_text(json.dumps(wrong), "utf-8")
        (home / "bad.jsonl").write_text(json.dumps({"state": ALL, ALL: ALL}) + "\n", "utf-8")
        day = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm"}
        yield home, day


COMMANDS = [
    ["status"],
    ["status", "--json"],
    ["report", "--date", "2026-11-23"],
    ["report", "--date", "2026-11-23", "--titles", "5"],
    ["report", "--date", "2026-11-23", "--format", "json"],
    ["report", "--date", "2026-11-23", "--format", "markdown"],
    ["report", "--date", "2026-11-23", "--format", "html"],
    ["report", "--date", "2026-11-23", "--host", f"none {ALL.replace(chr(0), '')}"],
    ["report", "--date", "2026-11-23", "--source", "server"],
    ["forget", "--from", "2026-11-23T00:00", "--to", "2026-11-24T00:00", "--dry-run"],
    ["config", "path"],
    ["config", "show"],
    ["config", "check", "--application", f"app {ALL}", "--title", f"title {ALL}"],
    ["--config", "wrong.yaml", "config", "check"],
    ["--config", "wrong.yaml", "--verbose", "status"],
    ["--config", f"missing {ALL}", "status"],
    ["import", "bad.jsonl"],
    ["import", f"no file {ALL}"],
    ["pause"],
    ["sync"],
    ["sync", "--json"],
    ["--verbose", "sync", "--verify"],
    ["server", "status"],
    ["server", "status", "--json"],
    ["server", "add-person", f"name {ALL}"],
    ["server", "init", "--dsn", f"host={ALL}"],
    ["doctor"],
    ["doctor", "--json"],
    ["autostart", "status"],
    [f"command {ALL}"],
    ["report", f"--option-{ALL}"],
]
# On a terminal also what other programs read from a pipe as it is.
ON_A_TERMINAL = [
    ["report", "--date", "2026-11-23", "--titles", "5"],
    ["report", "--date", "2026-11-23", "--format", "csv"],
    ["export", "--format", "csv"],
    ["export"],
    ["server", "status"],
]


def command(words):
    config = [] if "--config" in words else ["--config", "c.yaml"]
    return [sys.executable, "-m", "reprospective_tray", *config, *words]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: ascii(" ".join(words))[:60])
def test_no_command_prints_what_steers(person, words):
    home, environment = person
    done = subprocess.run(
        command(words), env=environment, cwd=home, check=False, capture_output=True, timeout=120
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert said
    assert "internal error" not in said
    assert_clean(said)


@pytest.mark.parametrize("words", ON_A_TERMINAL, ids=" ".join)
def test_nothing_on_a_terminal_steers_it(person, words):
    home, environment = person
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(words), env=environment, cwd=home, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 65536):
                said += piece
        except OSError:  # Linux's way to say that the last writer has gone
            pass
    os.close(ours)
    text = OWN_STYLES.sub("", said.decode().replace("\r\n", "\n"))
    assert text
    assert_clean(text)


def test_an_export_for_other_programs_is_as_it_was(person):
    home, environment = person
    done = subprocess.run(
        command(["export"]), env=environment, cwd=home, check=False, capture_output=True, timeout=60
    )
    assert json.loads(done.stdout)["window_title"] == f"title {ALL}"


def test_server_status_names_hostile_computers_and_persons_on_lines_of_their_own():
    found = ServerStatus(
        postgresql=ALL,
        user=ALL,
        mode="roles",
        owner=ALL,
        schema_version=2,
        schema_version_here=2,
        may_record=True,
        may_read_all=True,
        persons=[ALL],
        devices=[Device(ALL, ALL, 1_790_000_000_000)],
        sessions=1,
        clock_difference_ms=0,
        tls=ALL,
    )
    lines = list(_status_lines(found, ServerAddress({"host": ALL, "dbname": ALL})))
    for line in lines:
        assert_clean(line)
        assert "\n" not in line
    assert any("Computer" in line for line in lines)
