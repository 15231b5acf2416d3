"""A key or a value of the config that is nearly one is asked about by its full name."""

from pathlib import Path

import pytest

from reprospective_tray import messages
from reprospective_tray.config.did_you_mean import did_you_mean, nearest
from reprospective_tray.config.errors import _places
from reprospective_tray.config.keys import Config
from reprospective_tray.config.loading import read_config
from reprospective_tray.errors import ConfigError
from tests.unit.misspelling import KANA, misspelt

FILE = Path("config.yaml")
PLACES = [place for place in _places(Config) if len(place[-1]) > 3]


def refusal(text):
    with pytest.raises(ConfigError) as caught:
        read_config(text, FILE)
    return caught.value


def nested(keys, value="1"):
    """Return YAML in which `value` stands at `keys`."""
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(keys)]
    return "\n".join(lines) + f" {value}\n"


def test_the_whole_config_is_asked_about():
    names = {".".join(place) for place in PLACES}
    assert {"database", "database.sync.interval", "monitor.titles.ignore", "language"} <= names


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_key_that_is_nearly_one_is_asked_about(place):
    for word in (*misspelt(place[-1]), place[-1].upper(), place[-1].replace("_", "-") + "s"):
        refused = refusal(nested((*place[:-1], word)))
        assert ".".join((*place[:-1], word)) in str(refused)
        assert refused.remedy == f"Did you mean {'.'.join(place)}?"


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        (("idle_after",), "monitor.idle_after"),
        (("sync",), "database.sync"),
        (("database", "port"), "database.remote.port"),
        (("database", "path"), "database.local.path"),
        (("monitor", "private_windows"), "privacy.private_windows"),
    ],
)
def test_a_key_that_belongs_elsewhere_is_asked_about_by_its_place(keys, meant):
    assert refusal(nested(keys)).remedy == f"Did you mean {meant}?"


@pytest.mark.parametrize(
    ("keys", "value", "meant"),
    [
        (("database", "local", "type"), "sqllite", "sqlite"),
        (("database", "remote", "sslmode"), "perfer", "prefer"),
        (("monitor", "titles", "ignore"), "[counter]", "counters"),
        (("privacy", "rules"), "[{title: x, action: ignored}]", "ignore"),
        (("monitor", "probe"), "X11", "x11"),
    ],
)
def test_a_value_that_is_nearly_one_is_asked_about(keys, value, meant):
    assert refusal(nested(keys, value)).remedy == f"Did you mean {meant}?"


@pytest.mark.parametrize("text", ["qqqq: 1", "language: klingon", "database: {sync: {zzz: 1}}"])
def test_what_is_near_nothing_is_not_asked_about(text):
    assert "Did you mean" not in refusal(text).remedy


@pytest.mark.usefixtures("japanese")
@pytest.mark.parametrize("text", ["databse: {}", "idle_after: 3", "language: jaa"])
def test_the_question_is_asked_in_japanese_too(text):
    assert messages.language() == "ja"
    assert KANA.search(refusal(text).remedy)


@pytest.mark.parametrize(
    ("word", "names", "meant"),
    [
        ("epxort", ("report", "export"), "export"),
        ("eport", ("report", "export"), "export"),
        ("rport", ("export", "report"), "report"),
        ("--Dry_Run", ("--yes", "--dry-run"), "--dry-run"),
        ("", ("a", "b"), None),
        ("anything", (), None),
    ],
)
def test_the_nearest_is_found_by_order_of_letters_likeness_and_the_first_letter(word, names, meant):
    assert nearest(word, names) == meant
    assert did_you_mean(word, names) == (f"Did you mean {meant}?" if meant else "")
