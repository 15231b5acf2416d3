"""Regular expressions written by the user, with a bounded evaluation time.

`compile_pattern` chooses the engine. Python's `re` is used if `effort` proves that it needs few
steps on the longest title. Otherwise RE2 is used, whose time is linear in the title's length
(`linear`). Expressions that neither can handle are refused. The semantics are always Python's:
case, Unicode and the order of alternatives.
"""

from __future__ import annotations

import logging
import re
import warnings
from typing import Protocol

from reprospective_tray.config.patterns import effort
from reprospective_tray.messages import _

FLAGS = re.IGNORECASE

log = logging.getLogger(__name__)


class PatternRefusedError(ValueError):
    """An expression cannot be used; ``str()`` gives the reason, `remedy` an alternative.

    `is_valid` is False if it is not a valid Python regular expression.
    """

    def __init__(self, what: str, remedy: str = "", *, is_valid: bool = True) -> None:
        """Take the reason and the remedy, as translated sentences."""
        super().__init__(what)
        self.remedy = remedy
        self.is_valid = is_valid


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: str) -> bool:
        """Return whether the expression matches anywhere in `text`."""
        ...

    def replace(self, text: str, by: str) -> str:
        """Return `text` with every non-empty match replaced by `by`.

        If this takes too long because of many matches, the last `by` replaces the whole rest.
        """
        ...


def compile_pattern(pattern: str, *, strict: bool = False) -> Pattern:
    """Return the compiled `pattern`, which is case-insensitive.

    A call with a text of 4,096 characters takes a few milliseconds at most. If the engine fails
    (out of memory, or too many kinds of characters in a text), a `strict` pattern raises the
    engine's exception; others count as not matching.

    Raises:
        PatternRefusedError: it is not a valid regular expression, or could take too long.
    """
    with warnings.catch_warnings():
        # re warns about syntax that a later Python may change; such a warning does not help users.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            compiled = re.compile(pattern, FLAGS)
            tree = effort.parsed(pattern, FLAGS)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternRefusedError(
                _("The expression is not valid: {reason}").format(reason=error), is_valid=False
            ) from error
    try:
        if effort.steps(tree) <= effort.MOST_STEPS:
            return _Backtracking(compiled)
        guards, rest = effort.guards(tree)
        found: Pattern = _of(rest)
        if guards:
            found = _WithLookaheads([(_of(guard), wanted) for guard, wanted in guards], found)
    except RecursionError as error:
        raise _too_slow() from error
    return found if strict else _Forgiving(found)


def compile_known(pattern: str) -> Pattern:
    """Return a built-in pattern; a test checks that each of them is fast."""
    return _Backtracking(re.compile(pattern, FLAGS))


def _of(tree: effort.Tree) -> Pattern:
    """Return the evaluator of a part of an expression."""
    from reprospective_tray.config.patterns.linear import LinearPattern, NotLinearError

    if effort.steps(tree) <= effort.MOST_STEPS:
        return _Backtracking(effort.compiled(tree))
    try:
        return LinearPattern(tree)
    except NotLinearError as error:
        raise _too_slow() from error
    except ImportError as error:
        raise PatternRefusedError(
            _("The expression needs the package google-re2, which is not installed."),
            _("Install google-re2, or write the expression without * and +."),
        ) from error


def _too_slow() -> PatternRefusedError:
    return PatternRefusedError(
        _("The expression could take too long on a long title."),
        _(
            "Write it without lookahead, lookbehind and backreferences (\\b stands for the edge of "
            "a word), use smaller repeat counts, or split it into several rules."
        ),
    )


class _Backtracking:
    """An expression that provably needs few steps in Python's own engine."""

    def __init__(self, compiled: re.Pattern[str]) -> None:
        self._compiled = compiled

    def search(self, text: str) -> bool:
        return self._compiled.search(text) is not None

    def replace(self, text: str, by: str) -> str:
        return self._compiled.sub(lambda match: by if match.group() else "", text)


class _Forgiving:
    """An expression that counts as not matching if it cannot be evaluated."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._has_failed = False

    def search(self, text: str) -> bool:
        try:
            return self._pattern.search(text)
        except Exception as error:  # noqa: BLE001  no text may make the caller fail
            self._say(error)
            return False

    def replace(self, text: str, by: str) -> str:
        try:
            return self._pattern.replace(text, by)
        except Exception as error:  # noqa: BLE001  no text may make the caller fail
            self._say(error)
            return text

    def _say(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            log.warning("a rule of the config cannot be evaluated: %s", type(error).__name__)


class _WithLookaheads:
    """``^(?!.*a)(?=.*b)rest``: lookaheads at the beginning, evaluated separately, and the rest."""

    def __init__(self, guards: list[tuple[Pattern, bool]], rest: Pattern) -> None:
        self._guards = guards
        self._rest = rest

    def search(self, text: str) -> bool:
        return self._allowed(text) and self._rest.search(text)

    def replace(self, text: str, by: str) -> str:
        return self._rest.replace(text, by) if self._allowed(text) else text

    def _allowed(self, text: str) -> bool:
        return all(guard.search(text) is wanted for guard, wanted in self._guards)
