"""The config: every key, its default and its bounds.

`Config` is the content of config.yaml, which explains each key. The program's own persistent state
is in `reprospective_tray.runtime.state.program_state`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from reprospective_tray.system.paths import Paths

MASK = "********"
HIDDEN = "***"

Text = Annotated[str, Meta(min_length=1)]
# A regular expression, matched anywhere in the text, case-insensitive.
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


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base class of all sections; subclasses repeat `frozen` for type checkers."""


class Local(_Section, frozen=True):
    """``database.local``: where this computer records to; `path`, `readable_by`: only SQLite."""

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
        """Return all fields, with the password masked."""
        shown = [f"{key}={getattr(self, key)!r}" for key in self.__struct_fields__[:-1]]
        masked = None if self.password is None else MASK
        return f"Remote({', '.join(shown)}, password={masked!r})"


class Sync(_Section, frozen=True):
    """``database.sync``: sending recorded sessions to the central database.

    `interval` is in seconds, `batch_size` in rows.
    """

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
    """``monitor.titles``: which title changes do not start a new session."""

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
    own_windows: bool = False
    titles: Titles = Titles()


class Rule(_Section, frozen=True):
    """One of ``privacy.rules``; all given patterns must match."""

    application: Pattern | None = None
    title: Pattern | None = None
    action: RuleAction = "ignore"


class PrivacySettings(_Section, frozen=True):
    """``privacy``: which windows and titles are never stored."""

    private_windows: bool = True
    password_managers: bool = True
    rules: tuple[Rule, ...] = ()


class CategoryRule(_Section, frozen=True):
    """One of ``categories.rules``; all given patterns must match."""

    category: Text
    application: Pattern | None = None
    title: Pattern | None = None
    colour: Colour | None = None
    productive: bool | None = None


class CategorySettings(_Section, frozen=True):
    """``categories``: the categories used in reports; see `summary.categories`."""

    built_in: bool = True
    rules: tuple[CategoryRule, ...] = ()


class Notifications(_Section, frozen=True):
    """``notifications``: which notifications are shown."""

    first_start: bool = True
    paused: bool = True
    storage: bool = True
    damaged: bool = True
    sync: bool = True
    settings: bool = True


class Config(_Section, frozen=True):
    """The whole config.yaml; ``Config()`` has the defaults."""

    database: DatabaseSettings = DatabaseSettings()
    monitor: Monitor = Monitor()
    privacy: PrivacySettings = PrivacySettings()
    categories: CategorySettings = CategorySettings()
    notifications: Notifications = Notifications()
    language: Language = "auto"

    def database_path(self, paths: Paths) -> Path:
        """Return the path of the local database; a relative path is in the data folder."""
        return paths.data / expanded(self.database.local.path)


def expanded(name: str) -> Path:
    """Return the path `name` with ``~`` expanded; an unknown ``~name`` is left unchanged."""
    return Path(os.path.expanduser(name))  # noqa: PTH111  leaves an unknown ~name as it is
