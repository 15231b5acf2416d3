"""The command line: help that begins with a sentence, and refusals that name what was meant."""

import argparse
import re
import subprocess
import sys

import pytest

from installer.steps import ROOT
from reprospective_tray.commands.command_line import argument_values
from reprospective_tray.commands.command_line.all_commands import make_parser
from reprospective_tray.errors import UsageError
from tests.unit.misspelling import KANA, misspelt


def walk(parser):
    """Yield every parser below `parser`, the hidden ones too, with the words that lead to it."""
    yield (), parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from (((name, *words), each) for words, each in walk(below))


PARSERS = dict(walk(make_parser()))


def children(parser):
    """Return the names of the commands that are offered in `parser`."""
    actions = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return [name for action in actions for name in action.choices]


def refusal(*words):
    with pytest.raises(UsageError) as caught:
        make_parser().parse_args(words)
    return caught.value


def first_paragraph(help_text):
    """Return what comes after the usage."""
    return " ".join(help_text.split("\n\n")[1].split())


def test_nested_and_hidden_commands_are_walked_through():
    assert {(), ("stop",), ("config", "check"), ("server", "init"), ("quit",)} <= set(PARSERS)


@pytest.mark.parametrize("words", PARSERS, ids=" ".join)
def test_the_help_of_every_command_begins_with_a_sentence(words):
    sentence = first_paragraph(PARSERS[words].format_help())
    assert re.fullmatch(r"[A-Z][^.]+ .+\.", sentence), sentence


def test_no_two_commands_are_described_alike():
    described = [parser.description for parser in PARSERS.values()]
    assert len(set(described)) == len(described)


@pytest.mark.usefixtures("japanese")
def test_the_help_of_every_command_begins_with_a_sentence_in_japanese_too():
    for words, parser in walk(make_parser()):
        sentence = first_paragraph(parser.format_help())
        assert KANA.search(sentence), words
        assert sentence.endswith("。"), words


@pytest.mark.parametrize("words", [("stop",), ("config", "check"), ("autostart", "enable")])
def test_the_real_program_prints_that_help(words):
    done = subprocess.run(
        [sys.executable, "-m", "reprospective_tray", *words, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin", "LANG": "C.UTF-8"},
    )
    assert first_paragraph(done.stdout) == PARSERS[words].description


COMMANDS = [
    (words, name) for words, parser in PARSERS.items() for name in children(parser) if len(name) > 3
]
OPTIONS = [
    (words, option)
    for words, parser in PARSERS.items()
    for option in parser._option_string_actions
    if len(option) > 5
]
CHOICES = [
    (words, action.option_strings[0], choice)
    for words, parser in PARSERS.items()
    for action in parser._actions
    if action.choices and action.option_strings
    for choice in action.choices
    if len(choice) > 3
]


@pytest.mark.parametrize(("words", "name"), COMMANDS)
def test_a_command_that_is_nearly_one_is_offered(words, name):
    for word in misspelt(name):
        refused = refusal(*words, word)
        assert f"Unknown command {word!r}" in str(refused)
        assert refused.remedy == f"Did you mean {name}?"


@pytest.mark.parametrize(("words", "option"), OPTIONS)
def test_an_option_that_is_nearly_one_is_offered(words, option):
    known = PARSERS[words]._option_string_actions
    for word in misspelt(option.removeprefix("--")):
        if any(each.startswith(f"--{word}") for each in known):
            continue  # such as --form: the beginning of --format
        for given in ((f"--{word}",), (f"--{word}=x",), (f"--{word}", "x")):
            refused = refusal(*words, *given)
            assert str(refused) == f"Unknown option --{word}."
            assert refused.remedy == f"Did you mean {option}?"


@pytest.mark.parametrize(("words", "option", "choice"), CHOICES)
def test_a_value_that_is_nearly_one_is_offered(words, option, choice):
    for word in (*misspelt(choice), choice.upper()):
        refused = refusal(*words, option, word)
        assert f"{option}: unknown value {word!r}" in str(refused)
        assert refused.remedy == f"Did you mean {choice}?"


@pytest.mark.parametrize(
    ("words", "said", "remedy"),
    [
        (("frobnicate",), "Unknown command 'frobnicate'. Allowed here: run, status", "--help"),
        (("STATUS",), "Unknown command 'STATUS'", "Did you mean status?"),
        (("--confg", "x.yaml", "status"), "Unknown option --confg.", "Did you mean --config?"),
        (("status", "-json"), "Unknown option -json.", "Did you mean --json?"),
        (("status", "--JSON"), "Unknown option --JSON.", "Did you mean --json?"),
        (("forget", "--dry_run"), "Unknown option --dry_run.", "Did you mean --dry-run?"),
        (("import", "--formt", "jsonl"), "Unknown option --formt.", "Did you mean --format?"),
        (("status", "--zzz"), "Unknown option --zzz.", "See: reprospective-tray status --help"),
        (("status", "now"), "Unexpected argument 'now'.", "See: reprospective-tray status --help"),
        (("config",), "Missing: ACTION.", "See: reprospective-tray config --help"),
        (("import",), "Missing: FILE.", "See: reprospective-tray import --help"),
        (("report", "--host"), "--host: its value is missing.", "--help"),
        (("status", "--json=yes"), "--json: it takes no value.", "--help"),
        (("report", "--t", "3"), "--t could be any of --to, --titles, --timesheet.", "--help"),
    ],
)
def test_a_command_line_that_cannot_be_is_refused_with_what_helps(words, said, remedy):
    refused = refusal(*words)
    assert str(refused).startswith(said)
    assert remedy in refused.remedy


@pytest.mark.parametrize("near", ["report", "--format", "json"])
def test_what_is_right_is_not_asked_about(near):
    options = make_parser().parse_args(["report", "--format", "json", "--host", near.lstrip("-")])
    assert options.format == "json"


def test_an_option_is_still_known_by_its_first_letters():
    assert make_parser().parse_args(["report", "--form", "csv"]).format == "csv"
    assert make_parser().parse_args(["config", "check", "--title=--fromat"]).title == "--fromat"


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize(
    "words",
    [
        ("stauts",),
        ("frobnicate",),
        ("report", "--formt"),
        ("report", "--format", "jsn"),
        ("status", "now"),
        ("config",),
        ("report", "--host"),
        ("status", "--json=yes"),
        ("report", "--t", "3"),
        ("export", "--from", "toady"),
        ("report", "--date", "toady"),
        ("pause", "--for", "soon"),
        ("entry", "add", "--from", "25:00"),
        ("entry", "edit", "0", "--cut", "--replace"),
    ],
)
def test_every_refusal_is_said_in_japanese_too(words):
    refused = refusal(*words)
    assert KANA.search(str(refused))
    assert KANA.search(refused.remedy)


def test_the_guide_has_every_command_in_its_table():
    text = (ROOT / "docs" / "guide.md").read_text("utf-8")
    table = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    named = {word for cell in table for word in re.findall(r"`([a-z-]+)", cell)}
    assert set(children(PARSERS[()])) <= named


def dates():
    """Yield every argument that takes a date or a moment, with the command that has it.

    Those that take a time of the day belong to the date beside them.
    """
    for words, parser in PARSERS.items():
        for action in parser._actions:
            names = {action.dest, *(option.lstrip("-") for option in action.option_strings)}
            if names & {"date", "day", "from", "to"} and action.metavar != "HH:MM":
                yield words, action


def test_every_argument_for_a_date_goes_by_the_same_parser_and_its_help_says_so():
    found = list(dates())
    assert len(found) >= 7
    for words, action in found:
        assert action.type in {argument_values.day, argument_values.instant}, words
        refers = "--date" in action.help or "--from" in action.help
        assert refers or {"today", "yesterday"} <= set(re.findall(r"\w+", action.help)), words
