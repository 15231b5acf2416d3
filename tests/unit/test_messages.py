"""The sentences: each is wrapped, translated and fillable; the language is the person's."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

from installer import catalogue
from installer.build_catalogues import compile_catalogue
from reprospective_tray import messages
from reprospective_tray.messages import (
    _,
    is_yes,
    plural,
    set_language,
)

PACKAGE = catalogue.PACKAGE
FILES = sorted(PACKAGE.rglob("*.py"))
JAPANESE = PACKAGE / "locale" / "ja" / "LC_MESSAGES" / "reprospective_tray.po"
UPDATE = "run: .venv/bin/python -m installer.catalogue"

COLOUR = re.compile("#[0-9a-f]{6}")
# Calls that show their text to a person, besides the errors, which are found by their bases.
SHOWING = {
    "print",
    "Item",
    "Card",
    "ArgumentTypeError",
    "config_error",
    "not_allowed",
    "notify",
    "_notify",
}
SHOWING_KEYWORDS = {
    "help",
    "text",
    "label",
    "title",
    "description",
    "epilog",
    "desc",
    "detail",
    "problem",
    "remedy",
}
# What looks like a sentence and is none.
NOT_SENTENCES = {
    ("commands/instance.py", "reprospective-tray: "): "the program's name",
    ("commands/config.py", "config: "): "a name and a path a line, for scripts",
    ("commands/config.py", "data: "): "a name and a path a line, for scripts",
    ("commands/config.py", "state: "): "a name and a path a line, for scripts",
    ("commands/config.py", "log: "): "a name and a path a line, for scripts",
}


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """The catalogues as they are now: what an earlier build compiled may be stale."""
    shutil.copytree(PACKAGE / "locale", tmp_path / "locale")
    for source in sorted(tmp_path.rglob("*.po")):
        compile_catalogue(source)
    monkeypatch.setattr(messages, "__file__", str(tmp_path / "messages.py"))
    monkeypatch.setattr(messages, "_current", messages._current)
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)


def sentences(catalogue_of_them):
    return {message.id for message in catalogue_of_them if message.id}


def forms(text):
    return [text] if isinstance(text, str) else list(text)


def fields(text):
    return Counter(part[1:] for part in Formatter().parse(text) if part[1] is not None)


def translated():
    return [message for message in catalogue.load(JAPANESE) if message.id]


def by_first_words(message):
    return forms(message.id)[0][:40]


def test_the_catalogue_has_exactly_the_sentences_of_the_code():
    in_code, in_catalogue = sentences(catalogue.extract()), sentences(catalogue.load(JAPANESE))
    assert len(in_code) > 200
    assert in_code - in_catalogue == set(), UPDATE
    assert in_catalogue - in_code == set(), UPDATE


def test_every_sentence_is_translated_and_none_is_a_guess_or_kept_from_before():
    found = catalogue.load(JAPANESE)
    assert catalogue.missing(found) == []
    assert [message.id for message in found if message.id and message.fuzzy] == []
    assert list(found.obsolete) == []


def test_bringing_an_up_to_date_catalogue_up_to_date_changes_no_sentence_of_it():
    found = catalogue.load(JAPANESE)
    again = catalogue.updated(JAPANESE)
    assert {m.id: m.string for m in found if m.id} == {m.id: m.string for m in again if m.id}


def test_a_new_sentence_comes_in_empty_and_is_said_to_be_missing(monkeypatch, tmp_path):
    source = tmp_path / "ja" / "LC_MESSAGES" / JAPANESE.name
    source.parent.mkdir(parents=True)
    shutil.copy(JAPANESE, source)
    code = catalogue.Catalog()
    code.add("Quit")
    code.add("Quite new")
    monkeypatch.setattr(catalogue, "extract", lambda: code)
    after = catalogue.updated(source)
    assert after["Quit"].string == "終了"
    assert catalogue.missing(after) == ["Quite new"]
    assert len(after) == 2
    assert "#~" not in catalogue.as_text(after)


def test_the_file_is_as_the_tool_writes_it_and_names_no_time_and_no_machine():
    text = JAPANESE.read_text("utf-8")
    assert text == catalogue.as_text(catalogue.load(JAPANESE))
    assert "-Date" not in text
    assert str(catalogue.steps.ROOT) not in text
    assert not [line for line in text.splitlines() if line.startswith("#:") and ".py:" in line]


@pytest.mark.parametrize("message", translated(), ids=by_first_words)
def test_a_translation_has_the_placeholders_and_the_shape_of_its_sentence(message):
    for original in forms(message.id):
        for translation in forms(message.string):
            assert fields(translation) == fields(original)
            assert translation.count("\n") == original.count("\n")
            assert len(translation) - len(translation.lstrip()) == len(original) - len(
                original.lstrip()
            )
            assert translation.endswith(" ") == original.endswith(" ")


def test_every_sentence_stands_in_the_call_itself_where_the_extraction_finds_it():
    elsewhere = [
        f"{file.name}:{argument.lineno}"
        for file in FILES
        for call in calls(file)
        for argument in call.args[
            : {"_": 1, "in_each_language": 1, "plural": 2}.get(name_of(call), 0)
        ]
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str))
    ]
    assert elsewhere == []


def test_no_sentence_stands_in_an_f_string_where_python_3_11_does_not_let_the_extraction_see_it():
    in_f_strings = [
        f"{file.relative_to(PACKAGE)}:{call.lineno}"
        for file in FILES
        for call in wrapped_in_f_strings(file.read_text("utf-8"))
    ]
    assert in_f_strings == []


def test_the_search_for_sentences_in_f_strings_finds_each_kind_of_call():
    code = """f"{_('a')} {1:{plural('b', 'c', 2)}}" + f"{f'{in_each_language(1)}'}" + f"{ok(_)}" """
    found = sorted(name_of(call) for call in wrapped_in_f_strings(code))
    assert found == ["_", "in_each_language", "plural"]


def test_what_a_person_sees_is_wrapped():
    found = {key: place for key, place in bare_sentences() if key not in NOT_SENTENCES}
    assert found == {}


def test_each_exception_from_wrapping_is_still_needed():
    assert NOT_SENTENCES.keys() == {key for key, _place in bare_sentences()}


def test_the_search_for_bare_sentences_finds_one():
    code = 'raise UsageError("Too late.", f"Try {this} again.") if x else Item(label="Go" + name)'
    call = ast.parse(code.replace("raise ", "", 1)).body[0].value
    found = [text for each in ast.walk(call) if isinstance(each, ast.Call) for text in bare(each)]
    assert found == ["Too late.", "Try ", " again.", "Go"]


def wrapped_in_f_strings(code):
    """Return the calls within f-strings that wrap a sentence."""
    texts = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.JoinedStr)]
    found = {node for text in texts for node in ast.walk(text) if is_call(node)}
    return [call for call in found if name_of(call) in catalogue.KEYWORDS]


def calls(file):
    return [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if is_call(node)]


def is_call(node):
    return isinstance(node, ast.Call)


def name_of(call):
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def error_names():
    """Return the names of all errors a person can meet: the base and what is made of it."""
    bases = {
        node.name: {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    found = {"ReprospectiveError", "LineError"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


ERRORS = error_names()


def bare(call):
    """Yield the words that `call` shows and that are not wrapped."""
    shown = list(call.args) if name_of(call) in SHOWING | ERRORS else []
    shown += [keyword.value for keyword in call.keywords if keyword.arg in SHOWING_KEYWORDS]
    for value in shown:
        yield from words(value)


def words(node):
    """Yield the texts with letters, but no colours, in an expression; calls are not looked into."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if any(map(str.isalpha, node.value)) and not COLOUR.fullmatch(node.value):
            yield node.value
    elif isinstance(node, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.BoolOp):
        for part in ast.iter_child_nodes(node):
            yield from words(part)


def bare_sentences():
    return [
        ((file.relative_to(PACKAGE).as_posix(), text), f"{file.name}:{call.lineno}")
        for file in FILES
        for call in calls(file)
        for text in bare(call)
    ]


@pytest.mark.usefixtures("compiled")
def test_japanese_is_spoken_where_it_is_chosen():
    set_language("ja")
    assert _("Quit") == "終了"
    assert plural("{count} computer", "{count} computers", 1) == "コンピューター {count}台"
    assert plural("{count} computer", "{count} computers", 2) == "コンピューター {count}台"
    set_language("en")
    assert _("Quit") == "Quit"
    assert plural("{count} computer", "{count} computers", 1) == "{count} computer"


@pytest.mark.parametrize(
    ("environment", "quit_"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "終了"),
        ({"LANG": "ja"}, "終了"),
        ({"LC_MESSAGES": "ja_JP", "LANG": "en_US.UTF-8"}, "終了"),
        ({"LC_ALL": "ja_JP.UTF-8", "LC_MESSAGES": "en_US", "LANG": "en_US"}, "終了"),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "ja_JP.UTF-8"}, "Quit"),
        ({"LC_ALL": "", "LANG": "ja_JP.UTF-8"}, "終了"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ja_JP.UTF-8"}, "Quit"),
        ({"LANG": "de_DE.UTF-8"}, "Quit"),
    ],
)
@pytest.mark.usefixtures("compiled")
def test_auto_follows_the_first_variable_that_says_something(monkeypatch, environment, quit_):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    set_language("auto")
    assert _("Quit") == quit_


@pytest.mark.parametrize("locale", [("ja_JP", "UTF-8"), ("Japanese_Japan", "932")])
@pytest.mark.usefixtures("compiled")
def test_auto_asks_the_system_where_no_variable_is_set(monkeypatch, locale):
    monkeypatch.setattr(messages.locale, "getlocale", lambda: locale)
    set_language("auto")
    assert _("Quit") == "終了"


@pytest.mark.parametrize("language", ["xx", "", "../ja"])
@pytest.mark.usefixtures("compiled")
def test_a_language_that_is_not_there_is_english(language):
    set_language("ja")
    assert messages.language() == "ja"
    set_language(language)
    assert _("Quit") == "Quit"
    assert messages.language() == "en"


@pytest.mark.usefixtures("compiled")
def test_dates_and_figures_are_written_the_japanese_way():
    from datetime import date

    from reprospective_tray.summary.format_text import duration, long_date

    set_language("ja")
    assert (
        long_date(date(2026, 11, 23))
        == "2026年11月23日\N{FULLWIDTH LEFT PARENTHESIS}月\N{FULLWIDTH RIGHT PARENTHESIS}"
    )
    assert duration(((8 * 60 + 8) * 60) * 1000) == "8時間08分"


def test_importing_the_sentences_loads_no_catalogue():
    look = (
        "import gettext, reprospective_tray.messages as m;"
        "assert type(m._current) is gettext.NullTranslations;"
        "assert not gettext._translations"
    )
    environment = {**os.environ, "LANG": "ja_JP.UTF-8"}
    subprocess.run(
        [sys.executable, "-c", look], env=environment, cwd=Path(PACKAGE).parent, check=True
    )


@pytest.mark.trust
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.usefixtures("compiled")
def test_y_and_yes_agree_in_every_language_and_nothing_else_does(language):
    set_language(language)
    assert all(
        map(is_yes, ["y", "Y", "yes", "YES\r", " y ", "\uff59", "\uff39\uff25\uff33", "yes."])
    )
    refusals = ["", " ", "n", "N", "no", "yn", "yesno", "|", "y|yes", "いいえ", "\udce3", "1"]
    assert not any(map(is_yes, refusals))


@pytest.mark.trust
@pytest.mark.usefixtures("compiled")
def test_the_words_of_the_language_in_force_agree_to_a_question():
    set_language("ja")
    assert all(map(is_yes, ["はい", " はい。", "ええ"]))
    set_language("en")
    assert not is_yes("はい")
