"""Rules that drop or redact an observation before anything stores it. Pure.

The person's own rules come first, in their order, then the built-in ones. Only
the first one that matches applies.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from reprospective_tray.config.patterns import compile_pattern
from reprospective_tray.messages import _
from reprospective_tray.monitor.privacy.password_managers import is_password_manager
from reprospective_tray.monitor.privacy.plain_text import as_seen, plain, plain_application
from reprospective_tray.monitor.privacy.private_windows import is_browser, is_private

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprospective_tray.config.keys import PrivacySettings, Rule
    from reprospective_tray.config.patterns import Pattern
    from reprospective_tray.monitor.observation import Observation

log = logging.getLogger(__name__)

REDACTED = "[redacted]"


class RuleAction(StrEnum):
    """What happens to a window: it stays as it is, or what a rule says."""

    KEEP = "keep"
    IGNORE = "ignore"
    REDACT = "redact"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True)
class StorableNames:
    """What may be stored of a window, and which rule decided it (empty for none).

    Both names are empty if the window is ignored.
    """

    application_name: str
    window_title: str
    action: RuleAction
    rule: str = ""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """One rule of the person, compiled."""

    application: Pattern | None
    title: Pattern | None
    action: RuleAction
    description: str

    def fits(self, application_name: str, window_title: str) -> bool:
        """Tell whether everything that the rule names is present."""
        return (self.application is None or _found(self.application, application_name)) and (
            self.title is None or _found(self.title, window_title)
        )

    def verdict(self, application_name: str, window_title: str) -> StorableNames:
        """Return what is left of a window that the rule matches."""
        if self.action is RuleAction.IGNORE:
            return StorableNames("", "", RuleAction.IGNORE, self.description)
        left = self._redacted(window_title) if self.action is RuleAction.REDACT else ""
        return StorableNames(application_name, left, self.action, self.description)

    def _redacted(self, title: str) -> str:
        if not title:
            return ""
        if self.title is None:
            return REDACTED
        # A pattern such as ".*" also matches the empty text after a title; that stays empty.
        left = self.title.replace(title, REDACTED)
        # What is left may match only as a person sees it; the replacement does not count.
        seen = [as_seen(part) for part in left.split(REDACTED)]
        if any(self.title.replace(part, REDACTED) != part for part in seen):
            left = REDACTED.join(self.title.replace(part, REDACTED) for part in seen)
        # A pattern that matches only positions ("(?=x)") was meant to hide something: hide it all.
        return REDACTED if left in {title, as_seen(title)} else left


def _found(pattern: Pattern, text: str) -> bool:
    """Tell whether `pattern` matches `text` as it is, or as a person sees it."""
    if pattern.search(text):
        return True
    seen = as_seen(text)
    return seen != text and pattern.search(seen)


class PrivacyRules:
    """The rules of one config, compiled once. Applying them changes nothing and reads no clock."""

    def __init__(self, settings: PrivacySettings) -> None:
        """Take the ``privacy`` section of a loaded, and therefore valid, config."""
        self._rules = [
            _Compiled(
                application=_compiled(rule.application),
                title=_compiled(rule.title),
                action=RuleAction(rule.action),
                description=_describe(number, rule),
            )
            for number, rule in enumerate(settings.rules, start=1)
        ]
        self._failed: set[str] = set()
        self._private_windows = settings.private_windows
        self._password_managers = settings.password_managers

    def apply(self, application_name: str, window_title: str) -> StorableNames | None:
        """Return what may be stored of a window; None if it leaves no trace."""
        verdict = self.explain(application_name, window_title)
        return None if verdict.action is RuleAction.IGNORE else verdict

    def pass_names(self, application_name: str, window_title: str) -> tuple[str, str] | None:
        """Return both names as they may be stored; None if the window leaves no trace."""
        kept = self.apply(application_name, window_title)
        return None if kept is None else (kept.application_name, kept.window_title)

    def pass_observation(self, seen: Observation) -> Observation | None:
        """Return `seen` as it may be stored; None if it leaves no trace."""
        names = self.pass_names(seen.application_name, seen.window_title)
        return names and replace(seen, application_name=names[0], window_title=names[1])

    def explain(self, application_name: str, window_title: str) -> StorableNames:
        """Return the same as `apply`, but also name the rule that ignores a window."""
        own = self._own(application_name, window_title)
        # A rule that only redacts must not let a private window reach the disk.
        if own is None or own.action is not RuleAction.IGNORE:
            for description in self._built_in(application_name, window_title):
                return StorableNames("", "", RuleAction.IGNORE, description)
        return own or StorableNames(application_name, window_title, RuleAction.KEEP)

    def _own(self, application_name: str, window_title: str) -> StorableNames | None:
        """Return what the first matching rule of the person makes of a window.

        A rule that cannot be evaluated removes the window: what it was to hide is unknown.
        """
        for rule in self._rules:
            try:
                if rule.fits(application_name, window_title):
                    return rule.verdict(application_name, window_title)
            except Exception as error:  # noqa: BLE001  whatever it is, nothing must be stored
                if rule.description not in self._failed:
                    self._failed.add(rule.description)
                    # The log must not contain a title, so it contains no words of the error.
                    kind = type(error).__name__
                    log.warning("%s fails (%s): its windows are left out", rule.description, kind)
                return StorableNames("", "", RuleAction.IGNORE, rule.description)
        return None

    def _built_in(self, application_name: str, window_title: str) -> Iterator[str]:
        """Yield the built-in rules that match."""
        application, title = plain_application(application_name), plain(window_title)
        if self._password_managers and is_password_manager(
            application, title, in_browser=is_browser(application)
        ):
            yield _("built in: password managers (privacy.password_managers)")
        if self._private_windows and is_private(application, title):
            yield _("built in: private browser windows (privacy.private_windows)")


def _compiled(pattern: str | None) -> Pattern | None:
    return None if pattern is None else compile_pattern(pattern, strict=True)


def _describe(number: int, rule: Rule) -> str:
    wanted = [
        f"{name}: {pattern}"
        for name, pattern in (("application", rule.application), ("title", rule.title))
        if pattern is not None
    ]
    return _("your rule {number} ({wanted})").format(number=number, wanted=", ".join(wanted))
