"""A person's expressions: none hangs the program, and each means what Python says it means.

How it can fail: an expression takes longer than in proportion to the title; RE2 fits what `re`
does not, or the other way round (case, Unicode, borders of words, order of alternatives); an
expression that cannot be evaluated lets a window through that it was to hide.
"""

import re
import subprocess
import sys
import time
import warnings

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reprospective_tray.config.keys import CategoryRule, CategorySettings, PrivacySettings, Rule
from reprospective_tray.config.loading import read_config
from reprospective_tray.config.patterns import (
    FLAGS,
    PatternRefusedError,
    compile_pattern,
    effort,
    linear,
)
from reprospective_tray.errors import ConfigError
from reprospective_tray.monitor.privacy.rules import PrivacyRules, RuleAction
from reprospective_tray.monitor.title_comparison import comparable
from reprospective_tray.summary.figures.categories import Categories

pytestmark = pytest.mark.trust

HARMFUL = [
    r"^(\w+\s?)*\.pdf$",
    r"^(a+)+$",
    r"(a|aa)+$",
    r"(x+x+)+y",
    r"(\w*)*!",
    r"(.*a){20}",
    r"(?:\s*\d*\s*)*x$",
    r"^(?!.*(a+)+b)(\w+\s?)*\.pdf$",
    r"(?=.*secret)?(\w+ )+$",
    r"\s+$",
    r".*.*.*=.*",
    r"(a?){30}a{30}",
    r"(?i)(ä+)+ß",
    r"(a|b)*a(a|b){12}c",
]


def nasty_titles(length):
    """Return titles of `length` that make a backtracking engine try long."""
    units = ["a", "ab", " ", "1 ", "x", "foo ", "äß", "x=", ".pdf", "\u0301", "İ", "word "]
    titles = [(unit * length)[:length] for unit in units]
    return [
        *titles,
        *(title[:-1] + "!" for title in titles),
        "".join(map(chr, range(200, 200 + length))),
    ]


def cpu_seconds(ask, title):
    begun = time.thread_time()
    ask(title)
    return time.thread_time() - begun


@pytest.mark.parametrize("pattern", HARMFUL)
def test_a_title_four_times_as_long_takes_no_more_than_in_proportion(pattern):
    try:
        compiled = compile_pattern(pattern)
    except PatternRefusedError:
        return
    for short, longer in zip(nasty_titles(4096), nasty_titles(4 * 4096), strict=True):
        growth = []
        for _ in range(8):
            once = max(cpu_seconds(compiled.search, short), 1e-5)
            growth.append(cpu_seconds(compiled.search, longer) / once)
            if growth[-1] < 9:
                break
        assert min(growth) < 9, (short[:20], growth)


def test_only_those_with_a_condition_inside_are_refused():
    refused = []
    for pattern in HARMFUL:
        try:
            compile_pattern(pattern)
        except PatternRefusedError:
            refused.append(pattern)
    assert refused == [r"(?=.*secret)?(\w+ )+$"]


# What stands in titles, and what case and Unicode make difficult.
LETTERS = (
    "aAbBkKsSiI\u0130\u0131\u017f\u212a\u00df\u1e9e\u00e4\u00c4\u00b5\u03bc\u03a3\u03c3\u03c2\u0439"
    " _0\u0665\n\u00a0-.\u0301\u3042\U0001f600\x85\x1f"
)
PIECES = st.sampled_from(
    [
        *("a", "B", "k", "s", "i", "\u0130", "\u00e4", "\u00df", "\u00b5", "\u03c3", "\u0439", "_"),
        *(".", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", "[a-k]", "[^a-k]", "[\u00e0-\u00ff]", " "),
        *(
            r"[\w-]",
            r"[^\W\d_]",
            r"\b",
            r"\B",
            "^",
            "$",
            r"\A",
            r"\Z",
            "(?i:a)",
            "(?-i:a)",
            "\u3042",
        ),
        *(
            "(?m:^)",
            "(?m:$)",
            "(?s:.)",
            r"(?a:\w)",
            "[s\u212a]",
            "",
            "0",
            r"\x41",
            r"\N{LATIN SMALL LETTER A}",
        ),
    ]
)


def _larger(inner):
    repeat = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{,2}", "{1,}"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join).map("({})".format),
        st.tuples(inner.map("(?:{})".format), repeat).map("".join),
        inner.map("(?P<name>{})".format),
    )


PATTERNS = st.recursive(PIECES, _larger, max_leaves=8)
TITLES = st.text(st.sampled_from(LETTERS), max_size=12)


def as_python(pattern):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, FLAGS)
        except re.error:
            return assume(False)


def as_re2(pattern):
    try:
        return linear.LinearPattern(effort.parsed(pattern, FLAGS))
    except linear.NotLinearError:
        return assume(False)


@given(PATTERNS, st.lists(TITLES, max_size=4))
@settings(max_examples=400)
def test_re2_finds_what_python_finds(pattern, titles):
    python, ours = as_python(pattern), as_re2(pattern)
    for title in titles:
        if not title and r"\B" in pattern and sys.version_info < (3, 14):
            continue  # Python before 3.14 lets \B fit no empty text, whatever stands beside it
        assert ours.search(title) == bool(python.search(title)), (pattern, title)


@given(PATTERNS, TITLES)
@settings(max_examples=400)
def test_re2_replaces_what_python_replaces(pattern, title):
    python, ours = as_python(pattern), as_re2(pattern)
    if effort.parsed(pattern, FLAGS).getwidth()[0] == 0:
        return  # where an expression can fit nothing, the longest that fits is replaced
    expected = python.sub(lambda match: "#" if match.group() else "", title)
    assert ours.replace(title, "#") == expected, (pattern, title)


@pytest.mark.parametrize(
    ("pattern", "title", "left"),
    [
        (r"invoice \d+", "Invoice 12 and INVOICE 345", "# and #"),
        (r"(a|ab)(c|bcd)*", "abcd", "#"),
        (r"a+?", "aaa", "###"),
        (r"straße\s+\w+", "STRASSE x, Straße Ä1!", "STRASSE x, #!"),
        (r"\bжил\b.*$", "уж Жил - 12", "уж #"),
        (r"\bжил\b.*$", "жилищ", "жилищ"),
        (r"x*", "axxb", "a#b"),
        # What is longer than the nothing that fits first is replaced, too.
        (r"x*|secret", "ax secret b", "a# # b"),
        (r"(^|secret)+", "secret b", "# b"),
        (r"(key: .*)?$", "my key: 1", "my #"),
    ],
)
def test_what_is_replaced_is_the_same_as_with_python(pattern, title, left):
    assert as_re2(pattern).replace(title, "#") == left
    python = re.compile(pattern, FLAGS)
    assert python.sub(lambda match: "#" if match.group() else "", title) == left
    assert compile_pattern(pattern).replace(title, "#") == left


@pytest.mark.parametrize(
    "pattern",
    [
        "^(?!.*work).*$",
        "^(?!.*(work|office)).*(mail|chat).*$",
        "^(?=.*a)(?!.*b).*c.*d$",
        r"(?<!\w)foo(?!\w)",
        r"(.)\1\1",
        r"(?P<q>['\"])\w?(?P=q)",
        "^(?>a|b)c",
    ],
)
@given(st.text("abcd fowrk'\n", max_size=20))
@settings(max_examples=60)
def test_expressions_that_look_around_still_mean_the_same(pattern, title):
    assert compile_pattern(pattern).search(title) == bool(re.search(pattern, title, FLAGS))


@given(PATTERNS, st.text(max_size=40))
def test_no_expression_and_no_title_is_an_internal_error(pattern, title):
    try:
        compiled = compile_pattern(pattern)
    except PatternRefusedError:
        return
    compiled.search(title)
    compiled.replace(title, "#")


# (expression, what is said of it)
REFUSED = [
    (r"(a+)+\1$", "too long"),
    (r"foo(?!.*bar)", "too long"),
    (r"\w+(?<=x)y+", "too long"),
    ("(?:a{0,100}){0,100}b+", "too long"),
    ("(", "unterminated"),
]


@pytest.mark.parametrize(("pattern", "said"), REFUSED)
def test_a_refused_expression_is_named_with_file_line_and_remedy(tmp_path, pattern, said):
    text = f"privacy:\n  rules:\n    - application: x\n      title: '{pattern}'\n"
    file = tmp_path / "config.yaml"
    with pytest.raises(ConfigError) as refused:
        read_config(text, file)
    assert str(refused.value).startswith("Line 4: ")
    assert "privacy.rules[0].title" in str(refused.value)
    assert said in refused.value.remedy


@pytest.mark.parametrize(
    "pattern",
    [
        *("job offer", "signal|element", r"invoice \d+", r"\d+ unread$", r"^steam$"),
        *("harbour|tides", ".*bank.*", r"\bpassword\b", "^.{50,}$", r"(?<!\w)foo", r"^(?!.*work)"),
        "|".join(f"customer {number}" for number in range(150)),
        "(?:" + "|".join(f"{letter}{letter}ord" for letter in "abcdefghijkl" * 6) + r") \d+",
    ],
)
def test_ordinary_expressions_are_taken(pattern):
    compile_pattern(pattern)


class Failing:
    """A pattern whose engine has failed."""

    def search(self, text):
        raise MemoryError(text)

    replace = search


@pytest.mark.parametrize("action", ["ignore", "redact", "application"])
def test_a_privacy_rule_that_cannot_be_evaluated_takes_the_window_away(action, monkeypatch, caplog):
    monkeypatch.setattr(
        "reprospective_tray.monitor.privacy.rules.compile_pattern", lambda *_, **__: Failing()
    )
    rules = (Rule(title="secret", action=action),)
    privacy = PrivacyRules(PrivacySettings(rules=rules))
    for _ in range(2):
        verdict = privacy.explain("editor", "the secret title")
        assert (verdict.action, verdict.window_title) == (RuleAction.IGNORE, "")
        assert privacy.apply("editor", "the secret title") is None
    assert len(caplog.records) == 1
    assert "the secret title" not in caplog.records[0].getMessage()


def test_a_text_with_more_kinds_of_letters_than_bytes_hides_the_window():
    # Each of 60 sets takes another part of the letters, so that hardly two are of one kind.
    sets = "".join(
        f"[{''.join(chr(0x4E00 + n) for n in range(900) if n >> bit & 1)}]?" for bit in range(10)
    )
    rule = Rule(title=rf"\b(?:{sets})+x+$")
    title = "".join(chr(0x4E00 + number) for number in range(900))
    with pytest.raises(OverflowError):
        compile_pattern(rule.title, strict=True).search(title)
    assert PrivacyRules(PrivacySettings(rules=(rule,))).apply("editor", title) is None
    named = CategoryRule(category="A", title=rule.title)
    categories = Categories(CategorySettings(rules=(named,), built_in=False))
    assert categories.of("x", title) == categories.of("x", "what fits no rule")
    assert comparable((), (rule.title,))(title) == title


def test_what_fits_too_often_is_replaced_as_a_whole(monkeypatch):
    monkeypatch.setattr(linear, "REPLACING_S", 0)
    assert as_re2("a+b").replace("ab x ab secret ab", "#") == "#"


def test_the_engine_is_loaded_for_expressions_that_need_it_alone():
    program = (
        "import sys; from reprospective_tray.config.patterns import compile_pattern as c;"
        "c('signal|element'); print('re2' in sys.modules); c('a+b'); print('re2' in sys.modules)"
    )
    asked = [sys.executable, "-c", program]
    assert subprocess.check_output(asked, text=True).split() == ["False", "True"]
