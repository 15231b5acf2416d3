"""The config: every key, its default and its bounds, and where the file is found.

`Config` is what the person wrote (config.yaml, see there what each key means);
what the program itself remembers is in `reprospective_tray.runtime.state.program_state`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from reprospective_tray.config import source as config_source
from reprospective_tray.config.patterns import PatternRefusedError, compile_pattern
from reprospective_tray.errors import ConfigError
from reprospective_tray.messages import _
from reprospective_tray.system import ownership

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprospective_tray.config.source import Located
    from reprospective_tray.system.paths import Paths

ENVIRONMENT = "REPROSPECTIVE_CONFIG"
MASK = "********"
HIDDEN = "***"

Text = Annotated[str, Meta(min_length=1)]
# A regular expression, matched anywhere in the text and without regard to case.
Pattern = Annotated[str, Meta(min_length=1, extra={"pattern": True})]
Colour = Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")]
LocalType = Literal["sqlite", "postgresql"]
ReadableBy = Literal["owner", "group"]
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
Counter = Literal["counters", "spinners", "percentages"]
ProbeChoice = Literal["auto", "wlr", "kwin", "gnome", "x11"]
RuleAction = Literal["ignore", "redact", "application"]
Language = Literal["auto", "en", "ja"]
Keys = tuple[str | int, ...]

# What libpq reads as several settings at once: ``host=a password=b``, ``postgresql://a:b@c``.
_CONNECTION_STRING = re.compile(r"(?:^|[\s?&])\w+\s*=|://")
_NO_HOST = re.compile(r"[=?#\\'\"]|^(?![/@])[^/]*[\s@]")


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all sections have in common (a type checker wants `frozen` repeated)."""


class Local(_Section, frozen=True):
    """``database.local``: where this computer records to; `path` and `readable_by` are a file's."""

    type: LocalType = "sqlite"
    path: Text = "data/local_cache.db"
    readable_by: ReadableBy = "owner"


class Remote(_Section, frozen=True):
    """``database.remote``: the central PostgreSQL."""

    type: Literal["postgresql"] = "postgresql"
    host: Text = "localhost"
    port: Annotated[int, Meta(ge=1, le=65535)] = 5432
    database: Text = "reprospective"
    user: Text | None = None
    sslmode: SslMode = "prefer"
    sslrootcert: Text | None = None
    service: Text | None = None
    password: Text | None = None

    def __repr__(self) -> str:
        """Return all of it but the password."""
        shown = [f"{key}={getattr(self, key)!r}" for key in self.__struct_fields__[:-1]]
        masked = None if self.password is None else MASK
        return f"Remote({', '.join(shown)}, password={masked!r})"


class Sync(_Section, frozen=True):
    """``database.sync``: shipping what was recorded to the central database."""

    enabled: bool = False
    interval: Annotated[int, Meta(ge=5, le=86400)] = 60
    batch_size: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    retention_days: Annotated[int, Meta(ge=1, le=36_500)] | None = 7


class DatabaseSettings(_Section, frozen=True):
    """``database``: where sessions are kept."""

    local: Local = Local()
    remote: Remote = Remote()
    sync: Sync = Sync()


class Titles(_Section, frozen=True):
    """``monitor.titles``: which changes of a title are no new session."""

    ignore: tuple[Counter, ...] = ("counters", "spinners", "percentages")
    ignore_patterns: tuple[Pattern, ...] = ()
    changes_per_minute: Annotated[int, Meta(ge=1, le=6000)] = 60


class Monitor(_Section, frozen=True):
    """``monitor``: how the desktop is watched. Times are seconds."""

    probe: ProbeChoice = "auto"
    poll_interval: Annotated[float, Meta(ge=0.05, le=60)] = 1.0
    heartbeat: Annotated[int, Meta(ge=1, le=300)] = 10
    idle_after: Annotated[int, Meta(ge=1, le=86400)] = 180
    never_idle: tuple[Pattern, ...] = ()
    titles: Titles = Titles()


class Rule(_Section, frozen=True):
    """One of ``privacy.rules``: what it names must match, all of it."""

    application: Pattern | None = None
    title: Pattern | None = None
    action: RuleAction = "ignore"


class PrivacySettings(_Section, frozen=True):
    """``privacy``: what is never stored."""

    private_windows: bool = True
    password_managers: bool = True
    rules: tuple[Rule, ...] = ()


class CategoryRule(_Section, frozen=True):
    """One of ``categories.rules``: what it names must match, all of it."""

    category: Text
    application: Pattern | None = None
    title: Pattern | None = None
    colour: Colour | None = None
    productive: bool | None = None


class CategorySettings(_Section, frozen=True):
    """``categories``: what time is put under when looking back; see `summary.categories`."""

    built_in: bool = True
    rules: tuple[CategoryRule, ...] = ()


class Notifications(_Section, frozen=True):
    """``notifications``: what the program speaks up about."""

    first_start: bool = True
    paused: bool = True
    storage: bool = True
    damaged: bool = True
    sync: bool = True
    settings: bool = True


class Config(_Section, frozen=True):
    """The whole of config.yaml; ``Config()`` is what holds without one."""

    database: DatabaseSettings = DatabaseSettings()
    monitor: Monitor = Monitor()
    privacy: PrivacySettings = PrivacySettings()
    categories: CategorySettings = CategorySettings()
    notifications: Notifications = Notifications()
    language: Language = "auto"

    def database_path(self, paths: Paths) -> Path:
        """Return where the local database lies; a relative path is under the data folder."""
        return paths.data / _expanded(self.database.local.path)


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A config and the file it came from; None where the defaults hold without a file."""

    config: Config
    file: Path | None


def find(explicit: Path | None, paths: Paths) -> Path | None:
    """Return the config file that holds: --config, the environment's, the person's own, or none.

    Raises:
        ConfigError: a file that was asked for is not there.
    """
    if explicit is not None:
        return _existing(_expanded(str(explicit)), "--config")
    if named := os.environ.get(ENVIRONMENT):
        return _existing(_expanded(named), f"${ENVIRONMENT}")
    # A dangling link is a mistake to be told of, not an absent file.
    return paths.config_file if os.path.lexists(paths.config_file) else None


def _expanded(name: str) -> Path:
    return Path(os.path.expanduser(name))  # noqa: PTH111  leaves an unknown ~name as it is


def _existing(file: Path, asked_by: str) -> Path:
    if os.path.lexists(file):
        return file
    raise ConfigError(
        _("There is no config file {file}, which {asked_by} names.").format(
            file=file, asked_by=asked_by
        ),
        _("Name a file that exists, or leave it out to use the defaults."),
    )


def load(explicit: Path | None, paths: Paths) -> LoadedConfig:
    """Find the config file, read it and check every key.

    Raises:
        ConfigError: it names file, line, dotted key, the value as written and
            what is allowed; the value of a password is never in it.
    """
    file = find(explicit, paths)
    if file is None:
        return LoadedConfig(Config(), None)
    try:
        if explicit is None and not os.environ.get(ENVIRONMENT):
            _check_owner(file)  # what a person names may be anybody's
        text = config_source.read(file)
    except FileNotFoundError as error:
        raise ConfigError(
            _("The config file {file} points to a file that is not there.").format(file=file),
            _("Put the file back, or remove the link."),
        ) from error
    return LoadedConfig(read_config(text, file, paths), file)


def _check_owner(file: Path) -> None:
    try:
        ownership.check(file)
    except ownership.ForeignOwnerError as error:
        raise ConfigError(
            _("{path} is not used: {reason}.").format(path=file, reason=error.strerror),
            _("Read it; if it is as you want it, make it yours (chown) or name it by --config."),
        ) from error
    except OSError:  # to read it says what is wrong
        return


def read_config(text: str, file: Path, paths: Paths | None = None) -> Config:
    """Return the config that `text` says; `file` is named in errors.

    With `paths` it is also asked whether a file can lie where the database is to be.

    Raises:
        ConfigError: as for `load`.
    """
    tree = config_source.parse(text, file)
    if tree is None:
        return Config()
    try:
        config = msgspec.convert(tree.plain(), Config)
    except msgspec.ValidationError as error:
        from reprospective_tray.config.errors import explain

        raise explain(tree, Config, file) from error
    for keys, allowed, remedy in _beyond_types(config, paths):
        from reprospective_tray.config.errors import not_allowed

        found = _at(tree, keys)
        if keys[:2] == ("database", "remote"):  # a password may be in it
            found = replace(found, written=HIDDEN)
        raise not_allowed(found, keys, allowed, file, remedy)
    return config


def _beyond_types(config: Config, paths: Paths | None) -> Iterator[tuple[Keys, str, str]]:
    """Yield what types cannot say: the keys of a value, what is allowed there, a remedy."""
    database = config.database
    if database.local.type == "postgresql" and database.sync.enabled:
        yield (
            ("database", "sync", "enabled"),
            _("false where database.local.type is postgresql"),
            _("It is recorded straight to the server; only what is in a local file is sent there."),
        )
    if "\0" in config.database.local.path or (paths and not _may_be_file(config, paths)):
        yield ("database", "local", "path"), _("the name of a file"), ""
    yield from _connection_strings(database.remote)
    for section, rules in _rules(config):
        for number, rule in enumerate(rules):
            if rule.application is None and rule.title is None:
                yield (section, "rules", number), _("a rule with application, title or both"), ""
    for number, named in enumerate(config.categories.rules):
        if not all(part.strip() for part in named.category.split(">")):
            allowed = _("a name, or several joined by > (such as Work > Coding)")
            yield ("categories", "rules", number, "category"), allowed, ""
    for keys, pattern in _patterns(config):
        try:
            compile_pattern(pattern)
        except PatternRefusedError as refused:
            yield keys, _("a regular expression"), f"{refused} {refused.remedy}".rstrip()


def _connection_strings(remote: Remote) -> Iterator[tuple[Keys, str, str]]:
    """Yield what could be more than one thing to libpq, which would also say it in its errors."""
    names = {
        "host": _("the name or address of a server"),
        "database": _("the name of a database"),
        "user": _("the name of a user"),
        "service": _("the name of a service"),
        "sslrootcert": _("the name of a file"),
    }
    for key, allowed in names.items():
        value = getattr(remote, key)
        if value is None:
            continue
        strange = _CONNECTION_STRING.search(value) or not value.isprintable()
        if strange or (key == "host" and _NO_HOST.search(value)):
            yield ("database", "remote", key), allowed, _("Port, user and so on have own keys.")


def _may_be_file(config: Config, paths: Paths) -> bool:
    """Say whether the database is a file, or can become one."""
    place = config.database_path(paths)
    try:
        return place.is_file() or not place.exists()
    except OSError:  # what is in the way is said where it is opened
        return True


def _patterns(config: Config) -> Iterator[tuple[Keys, str]]:
    """Yield every regular expression of the config with its keys."""
    for number, pattern in enumerate(config.monitor.titles.ignore_patterns):
        yield ("monitor", "titles", "ignore_patterns", number), pattern
    for number, pattern in enumerate(config.monitor.never_idle):
        yield ("monitor", "never_idle", number), pattern
    for section, rules in _rules(config):
        for number, rule in enumerate(rules):
            for key, wanted in (("application", rule.application), ("title", rule.title)):
                if wanted is not None:
                    yield (section, "rules", number, key), wanted


def _rules(config: Config) -> tuple[tuple[str, tuple[Rule | CategoryRule, ...]], ...]:
    """Return the rules that name windows, with the section that they stand in."""
    return ("privacy", config.privacy.rules), ("categories", config.categories.rules)


def _at(tree: Located, keys: Keys) -> Located:
    """Return what stands at `keys`; they lead somewhere, for the value came from there."""
    for key in keys:
        content = tree.content
        if isinstance(content, dict):
            tree = content[key]
        else:
            assert isinstance(content, list)
            assert isinstance(key, int)
            tree = content[key]
    return tree
