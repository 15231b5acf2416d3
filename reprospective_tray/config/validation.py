"""Checks that types cannot express: patterns, connection strings, rules without a condition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprospective_tray.config.patterns import PatternRefusedError, compile_pattern
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprospective_tray.config.keys import CategoryRule, Config, Keys, Remote, Rule
    from reprospective_tray.config.source import Located
    from reprospective_tray.system.paths import Paths

# Text that libpq parses as several settings: ``host=a password=b``, ``postgresql://a:b@c``.
_CONNECTION_STRING = re.compile(r"(?:^|[\s?&])\w+\s*=|://")
_NO_HOST = re.compile(r"[=?#\\'\"]|^(?![/@])[^/]*[\s@]")


def beyond_types(config: Config, paths: Paths | None) -> Iterator[tuple[Keys, str, str]]:
    """Yield further errors: the keys of a value, the allowed values, and a remedy."""
    database = config.database
    if database.local.type == "postgresql" and database.sync.enabled:
        yield (
            ("database", "sync", "enabled"),
            _("false where database.local.type is postgresql"),
            _(
                "Sessions are then recorded directly to the server; only those in a local "
                "file need to be sent."
            ),
        )
    if "\0" in config.database.local.path or (paths and not _may_be_file(config, paths)):
        yield ("database", "local", "path"), _("a file name"), ""
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
    """Yield values that libpq could parse as several settings and would quote in its errors."""
    names = {
        "host": _("the name or address of a server"),
        "database": _("the name of a database"),
        "user": _("the name of a user"),
        "service": _("the name of a service"),
        "sslrootcert": _("a file name"),
    }
    for key, allowed in names.items():
        value = getattr(remote, key)
        if value is None:
            continue
        strange = _CONNECTION_STRING.search(value) or not value.isprintable()
        if strange or (key == "host" and _NO_HOST.search(value)):
            yield (
                ("database", "remote", key),
                allowed,
                _("Port, user and so on have their own keys."),
            )


def _may_be_file(config: Config, paths: Paths) -> bool:
    """Return whether the database is a file or can be created as one."""
    place = config.database_path(paths)
    try:
        return place.is_file() or not place.exists()
    except OSError:  # the error is reported when the database is opened
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
    """Return the rules that match windows, with the name of their section."""
    return ("privacy", config.privacy.rules), ("categories", config.categories.rules)


def at(tree: Located, keys: Keys) -> Located:
    """Return the value at `keys`, which must exist."""
    for key in keys:
        content = tree.content
        if isinstance(content, dict):
            tree = content[key]
        else:
            assert isinstance(content, list)
            assert isinstance(key, int)
            tree = content[key]
    return tree
