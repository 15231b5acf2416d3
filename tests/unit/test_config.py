"""What a config may say, and what a person is told where it says something else."""

import stat
import typing
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.config import loading
from reprospective_tray.config import source as config_source
from reprospective_tray.config.keys import MASK, Config, Rule
from reprospective_tray.config.loading import find, load, read_config
from reprospective_tray.config.writer import dump, init
from reprospective_tray.errors import ConfigError, ReprospectiveError
from reprospective_tray.system.paths import Paths, shipped_file

FILE = Path("my.yaml")


@pytest.fixture
def paths(tmp_path, monkeypatch):
    monkeypatch.delenv(loading.ENVIRONMENT, raising=False)
    return Paths(tmp_path / "config", tmp_path / "data", tmp_path / "state", tmp_path / "log")


@pytest.fixture
def own(paths):
    """The person's own config file, empty."""
    paths.config.mkdir()
    paths.config_file.touch()
    return paths.config_file


def error(text):
    with pytest.raises(ConfigError) as caught:
        read_config(text, FILE)
    assert caught.value.exit_code == 2
    return caught.value


def all_keys(kind=Config, above=""):
    for key, hint in typing.get_type_hints(kind).items():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield from all_keys(hint, f"{above}{key}.")
        else:
            yield f"{above}{key}"


# The shipped file


def test_the_shipped_file_says_exactly_the_defaults():
    shipped = shipped_file("config.yaml")
    assert read_config(shipped.read_text(encoding="utf-8"), shipped) == Config()


def test_every_key_stands_in_the_shipped_file_with_a_comment_of_its_own():
    text = shipped_file("config.yaml").read_text(encoding="utf-8")
    tree = config_source.parse(text, FILE)
    lines = text.splitlines()
    for dotted in all_keys():
        value = tree
        for key in dotted.split("."):
            line = value.key_lines[key]
            value = value.content[key]
        assert lines[line - 2].strip().startswith("#"), f"{dotted} has no comment above it"


def test_the_rules_that_the_shipped_file_shows_as_examples_hold():
    text = shipped_file("config.yaml").read_text(encoding="utf-8")
    start = text.index("  # rules:\n")
    example = text[start : text.index("  #\n", start)].replace("  # ", "  ")
    rules = read_config("privacy:\n" + example, FILE).privacy.rules
    assert [rule.action for rule in rules] == ["application", "redact", "ignore"]


def test_the_categories_that_the_shipped_file_shows_as_examples_hold():
    text = shipped_file("config.yaml").read_text(encoding="utf-8")
    start = text.index("  # rules:\n", text.index("categories:\n"))
    example = text[start : text.index("  rules: []", start)].replace("  # ", "  ")
    rules = read_config("categories:\n" + example, FILE).categories.rules
    assert [rule.category for rule in rules] == ["Work > Customers > Harbour", "Private"]
    assert [rule.productive for rule in rules] == [True, False]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{category: Work}", "categories.rules[0] is"),
        ("{category: Work >, title: a}", "categories.rules[0].category is"),
        ("{category: Work, title: (}", "categories.rules[0].title is"),
        ("{category: Work, title: a, colour: blue}", "Allowed: a colour such as '#4c8dff'"),
        ("{title: a}", "categories.rules[0].category is missing"),
    ],
)
def test_a_category_rule_that_does_not_hold_is_named_with_its_line(rule, said):
    found = error(f"language: en\ncategories:\n  rules: [{rule}]")
    assert str(found).startswith("Line 3: ")
    assert said in str(found)


# Where the file is found


def test_without_a_file_the_defaults_hold(paths):
    loaded = load(None, paths)
    assert loaded.config == Config()
    assert loaded.file is None


def test_the_order_is_option_then_environment_then_own_folder(paths, own, tmp_path, monkeypatch):
    option, environment = tmp_path / "option.yaml", tmp_path / "environment.yaml"
    option.write_text("language: ja")
    environment.write_text("language: en")
    assert find(None, paths) == own
    monkeypatch.setenv(loading.ENVIRONMENT, str(environment))
    assert load(None, paths).file == environment
    loaded = load(option, paths)
    assert loaded.file == option
    assert loaded.config.language == "ja"


def test_an_empty_variable_names_no_file(paths, own, monkeypatch):
    monkeypatch.setenv(loading.ENVIRONMENT, "")
    assert find(None, paths) == own


def test_a_file_that_was_asked_for_must_be_there(paths, own, tmp_path, monkeypatch):
    missing = tmp_path / "missing.yaml"
    with pytest.raises(ConfigError, match=r"missing\.yaml.*--config"):
        load(missing, paths)
    monkeypatch.setenv(loading.ENVIRONMENT, str(missing))
    with pytest.raises(ConfigError, match=rf"missing\.yaml.*{loading.ENVIRONMENT}"):
        load(None, paths)
    assert own.exists()


def test_a_link_into_nothing_is_an_error_and_not_the_defaults(paths):
    paths.config.mkdir()
    paths.config_file.symlink_to("gone.yaml")
    with pytest.raises(ConfigError, match="is a link to a file that does not exist"):
        load(None, paths)


def test_a_home_sign_is_understood(paths, own, monkeypatch):
    monkeypatch.setenv("HOME", str(own.parent))
    assert find(Path("~/config.yaml"), paths) == own


# Files that are no config


def test_a_folder_is_no_config_file(paths, tmp_path):
    with pytest.raises(ConfigError, match="is a folder") as caught:
        load(tmp_path, paths)
    assert str(tmp_path) in str(caught.value)


def test_an_unreadable_file_is_said_with_its_reason(paths, own, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match="Permission denied") as caught:
        load(None, paths)
    assert str(own) in str(caught.value)
    assert caught.value.remedy


def test_a_file_without_end_is_refused(paths):
    with pytest.raises(ConfigError, match="larger than"):
        load(Path("/dev/zero"), paths)


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"language: \xff", 1), (b"\n\nlanguage: \xe9\n", 3), ("a: b".encode("utf-16"), 1)],
)
def test_text_that_is_not_utf8_names_its_line(paths, own, content, line):
    own.write_bytes(content)
    with pytest.raises(ConfigError, match=f"Line {line}: the text is not UTF-8"):
        load(None, paths)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null\n", "\ufeff"])
def test_an_empty_file_means_all_defaults(paths, own, text):
    own.write_text(text, encoding="utf-8")
    loaded = load(None, paths)
    assert loaded.config == Config()
    assert loaded.file == own


# Wrong values. Each: what is written, the line, and the parts that the error must have.

WRONG = [
    ("langauge: en", 1, ["unknown setting langauge.", "database, monitor", "language?"]),
    (
        "database:\n  sync:\n    intervall: 3",
        3,
        ["database.sync.intervall", "database.sync.interval?"],
    ),
    (
        "monitor:\n  qqqq: 1",
        2,
        ["monitor.qqqq", "never_idle, own_windows and titles"],
    ),
    ("12: x", 1, ["unknown setting 12."]),
    ("database:\n  sync:\n    interval: 4", 3, ["database.sync.interval is 4", "from 5 to 86400"]),
    ("database: {sync: {interval: 86401}}", 1, ["86401", "a whole number from 5 to 86400"]),
    ("database: {sync: {interval: '60'}}", 1, ["'60'", "a whole number"]),
    ("database: {sync: {interval: 60.5}}", 1, ["60.5", "a whole number"]),
    ("database: {sync: {interval: true}}", 1, ["is true", "a whole number"]),
    ("database: {sync: {interval: null}}", 1, ["is null", "a whole number"]),
    ("database: {sync: {interval: }}", 1, ["is null"]),
    ("database: {sync: {batch_size: 0}}", 1, ["from 1 to 10000"]),
    ("database: {sync: {retention_days: 0}}", 1, ["from 1 to 36500 or null"]),
    ("database: {sync: {enabled: 1}}", 1, ["is 1. Allowed: true or false"]),
    ("notifications: {sync: often}", 1, ["notifications.sync", "often", "true or false"]),
    (
        "database:\n  sync:\n    enabled: true\n  local:\n    type: postgresql",
        3,
        ["database.sync.enabled is true. Allowed: false where database.local.type is postgresql"],
    ),
    ("database: {local: {type: mysql}}", 1, ["is mysql. Allowed: postgresql or sqlite."]),
    ("database: {local: {path: ''}}", 1, ["database.local.path is ''", "not empty"]),
    ('database: {local: {path: "a\\0b"}}', 1, ["database.local.path", "a file name"]),
    ("database: {local: {readable_by: all}}", 1, ["group or owner"]),
    ("database: {remote: {port: 65536}}", 1, ["65536", "from 1 to 65535"]),
    ("database: {remote: {host: 5}}", 1, ["is 5", "quotes"]),
    ("database: {remote: {sslmode: yes}}", 1, ["is yes", "verify-full"]),
    ("monitor: {poll_interval: 0.04}", 1, ["0.04", "a number from 0.05 to 60"]),
    ("monitor: {poll_interval: .nan}", 1, [".nan", "a number from 0.05 to 60"]),
    ("monitor: {heartbeat: 301}", 1, ["from 1 to 300"]),
    ("monitor: {idle_after: 0}", 1, ["from 1 to 86400"]),
    ("monitor:", 1, ["monitor is null", "a section with the keys"]),
    ("monitor: 5", 1, ["monitor is 5", "a section"]),
    ("monitor: [1]", 1, ["monitor is a list", "a section"]),
    ("monitor: {heartbeat: [1]}", 1, ["is a list", "a whole number"]),
    ("monitor: {heartbeat: {a: 1}}", 1, ["is a section", "a whole number"]),
    ("monitor: {titles: {ignore: counters}}", 1, ["a list in which each item is"]),
    ("monitor:\n  titles:\n    ignore:\n      - counters\n      - x", 5, ["ignore[1] is x"]),
    (
        "monitor: {titles: {ignore_patterns: ['a', '(']}}",
        1,
        ["ignore_patterns[1] is '('", "a regular expression", "unterminated"],
    ),
    ("monitor: {titles: {changes_per_minute: -1}}", 1, ["is -1", "from 1 to 6000"]),
    ("privacy: {private_windows: 1}", 1, ["is 1", "true or false"]),
    ("privacy: {password_managers: 'yes'}", 1, ["is 'yes'", "true or false"]),
    ("privacy: {rules: {}}", 1, ["privacy.rules is a section", "a list"]),
    (
        "privacy:\n  rules:\n    - action: ignore",
        3,
        ["privacy.rules[0]", "application, title or both"],
    ),
    (
        "privacy:\n  rules:\n    - title: a\n    - title: '*'",
        4,
        ["rules[1].title is '*'", "a regular expression"],
    ),
    (
        "privacy: {rules: [{title: a, action: drop}]}",
        1,
        ["is drop", "application, ignore or redact"],
    ),
    ("privacy: {rules: [{title: ''}]}", 1, ["title is ''"]),
    ("privacy: {rules: [{titel: a}]}", 1, ["privacy.rules[0].titel", "rules[0].title?"]),
    ("privacy: {rules: [a]}", 1, ["privacy.rules[0] is a", "a section with the keys"]),
    ("notifications: {storage: on_error}", 1, ["true or false"]),
    ("language: de", 1, ["language is de. Allowed: auto, en or ja"]),
    ("language: 2026-11-31", 1, ["2026-11-31"]),
    ("language: !!python/object/apply:os.system [x]", 1, ["language is a list"]),
    ("language: !!python/name:os.system x", 1, ["cannot be read"]),
    ("- a", 1, ["the file is a list", "database, monitor"]),
    ("just text", 1, ["the file is just text", "a section"]),
    ("language: en\nmonitor: {}\nlanguage: ja", 3, ["language appears twice", "line 1"]),
    ("monitor:\n  heartbeat: 1\n  heartbeat: 2", 3, ["monitor.heartbeat appears twice", "line 2"]),
    ("? [a]\n: b", 1, ["one word"]),
    ("a: &a {language: en}\n<<: *a", 2, ["<<"]),
    ("language: *nowhere", 1, ["not valid YAML"]),
    ("monitor: &m\n  titles: *m", 1, ["alias"]),
    ("a: [", 1, ["not valid YAML"]),
    ("language: 'en", 1, ["not valid YAML"]),
    ("language: en\n\tmonitor: 1", 2, ["not valid YAML"]),
    ("language: en: ja", 1, ["not valid YAML"]),
    ("language: en\n---\nlanguage: ja", 2, ["not valid YAML"]),
    ("language: en\nx: \x00", 2, ["not valid YAML"]),
    ("a: " + "[" * 200_000, 1, ["nested too deeply"]),
    ("".join(f"{' ' * depth}a:\n" for depth in range(1000)), 33, ["nested too deeply"]),
]


@pytest.mark.parametrize(("text", "line", "parts"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_said_with_file_line_key_value_and_what_is_allowed(text, line, parts):
    caught = error(text)
    said = f"{caught} {caught.remedy}"
    if "not valid YAML" not in said and "deeply" not in said:
        assert said.startswith(f"Line {line}: ")
    assert str(caught).endswith(" (my.yaml)")
    for part in parts:
        assert part in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "line"),
    [("language: en\nmonitor: {a: b: c}\n", 2), ("language: en\nx: \x00", 2), ("a: b\n c: [\n", 2)],
)
def test_broken_yaml_names_the_line(text, line):
    assert str(error(text)).startswith(f"Line {line}: ")


def test_aliases_that_multiply_without_end_are_refused():
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "alias" in str(error("\n".join(levels)))


def test_an_alias_repeats_a_value():
    text = "privacy: {rules: [&r {title: a}, *r]}"
    assert read_config(text, FILE).privacy.rules == (Rule(title="a"), Rule(title="a"))


def test_the_first_mistake_in_the_file_is_the_one_that_is_told():
    assert "heartbeat" in str(error("monitor: {heartbeat: 0, idle_after: 0}\nlanguage: de"))


# Passwords

SECRET = "hunter2"  # noqa: S105  it is the test's own


@pytest.mark.parametrize(
    "text",
    [
        "database: {remote: {password: [hunter2]}}",
        "database: {remote: {password: !x hunter2}}",
        "database: {remote: {port: 0, password: hunter2}}",
        "database: {remote: {passwort: hunter2}}",
        "database: {remote: 'postgresql://me:hunter2@host/db'}",
        "database: {remote: 'host=x password=hunter2'}",
        "database:\n  remote:\n    password: *hunter2",
        "database:\n  remote:\n    password: &hunter2 'x",
        "database:\n  remote:\n    password: !hunter2!hunter2 x",
        "database:\n  remote:\n    password: {hunter2: hunter2: x}",
        "database:\n  remote:\n    password: '' hunter2",
    ],
)
@pytest.mark.parametrize("loader", sorted({config_source._LOADER.__name__, "SafeLoader"}))
def test_no_error_ever_shows_a_password(text, loader, monkeypatch):
    # The two parsers word their problems differently; the slow one quotes the text.
    monkeypatch.setattr(config_source, "_LOADER", getattr(yaml, loader))
    caught = error(text)
    assert SECRET not in f"{caught} {caught.remedy}"


def test_a_password_that_looks_like_a_number_is_refused_unseen():
    caught = error("database: {remote: {password: 998877}}")
    assert "998877" not in str(caught)
    assert "database.remote.password" in str(caught)
    assert "quotes" in caught.remedy


def test_show_masks_the_password_and_nothing_else():
    text = "database: {remote: {password: hunter2, host: example.org}}"
    shown = dump(read_config(text, FILE))
    assert SECRET not in shown
    assert yaml.safe_load(shown)["database"]["remote"]["password"] == MASK
    assert yaml.safe_load(shown)["database"]["remote"]["host"] == "example.org"


def test_what_show_prints_is_a_config_that_says_the_same():
    text = "monitor: {heartbeat: 7, titles: {ignore: []}}\nprivacy: {rules: [{title: é}]}"
    config = read_config(text, FILE)
    assert read_config(dump(config), FILE) == config
    assert "é" in dump(config)


# Right values


def test_what_is_written_is_what_holds_and_the_rest_is_default():
    text = (
        "monitor: {poll_interval: 0.05, heartbeat: 300}\ndatabase: {sync: {retention_days: null}}"
    )
    config = read_config(text, FILE)
    assert config.monitor.poll_interval == 0.05
    assert config.monitor.heartbeat == 300
    assert config.monitor.idle_after == 180
    assert config.database.sync.retention_days is None


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("x/y.db", "{data}/x/y.db"),
        ("/srv/y.db", "/srv/y.db"),
        ("~/y.db", "{home}/y.db"),
        ("~nobody-here/y.db", "{data}/~nobody-here/y.db"),
    ],
)
def test_the_database_lies_where_the_config_says(paths, tmp_path, monkeypatch, written, wanted):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    config = read_config(f"database: {{local: {{path: '{written}'}}}}", FILE)
    wanted = wanted.format(data=paths.data, home=tmp_path / "home")
    assert config.database_path(paths) == Path(wanted)


# init


def test_init_writes_the_shipped_file_for_its_owner_alone(paths):
    file = init(paths)
    assert file == paths.config_file
    assert file.read_bytes() == shipped_file("config.yaml").read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(None, paths).config == Config()


def test_init_never_overwrites(paths, own):
    own.write_text("language: ja")
    with pytest.raises(ReprospectiveError, match="already"):
        init(paths)
    assert own.read_text() == "language: ja"


def test_init_says_why_it_cannot_write(paths):
    paths.config.write_text("a file has its name")
    with pytest.raises(ReprospectiveError, match="cannot be written"):
        init(paths)


# Whatever is in the file

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_KEYS = st.sampled_from(sorted({key for dotted in all_keys() for key in dotted.split(".")}))
_TREES = st.recursive(
    _SCALARS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(_KEYS | st.text(max_size=4), below, max_size=4)
    ),
    max_leaves=12,
)


@given(_TREES)
def test_any_yaml_is_a_config_or_a_config_error(tree):
    try:
        assert isinstance(read_config(yaml.safe_dump(tree), FILE), Config)
    except ConfigError as caught:
        assert str(caught).endswith(" (my.yaml)")  # noqa: PT017  either end is right


@given(st.text(alphabet="ab:{}[]&*!|>'\"%@`#-? \n\t\r,<\0\u2028é", max_size=40))
def test_any_text_is_a_config_or_a_config_error(text):
    try:
        assert isinstance(read_config(text, FILE), Config)
    except ConfigError as caught:
        assert " (my.yaml)" in str(caught)  # noqa: PT017  either end is right
