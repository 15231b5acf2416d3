"""Health of the synchronisation, computed from the results and times of passes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

# An unreachable server usually returns by itself; the user is told after this time.
FOR_LONG_S = 1800.0
# Errors that the user must fix persist; the user is told after this many passes in a row.
REFUSALS_FOR_LONG = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """The failure of a pass: a sentence, a remedy, and whether the user must act.

    `stays` means that there will be no other pass, so it is reported at once. `brief` says error
    and remedy in one line.
    """

    error: str
    remedy: str = ""
    by_person: bool = False
    stays: bool = False
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The state after the passes so far.

    Attributes:
        last_success_at: ms since the epoch, UTC; None before the first success.
        error: The error of the last pass, a sentence; empty if it succeeded.
        remedy: The remedy for that error.
        brief: Both in one line; empty if nobody has shortened them.
        failing_since_at: When the first pass since the last success failed, ms since the epoch,
            UTC; None if the last pass succeeded.
        failing_since_s: The same by the monotonic clock, in seconds.
        refusals: The number of consecutive passes that failed with an error the user must fix.
        is_told: Whether the user was told of this outage.
    """

    last_success_at: int | None = None
    error: str = ""
    remedy: str = ""
    brief: str = ""
    failing_since_at: int | None = None
    failing_since_s: float = 0.0
    refusals: int = 0
    is_told: bool = False


def succeeded(at: int) -> Health:
    """Return the state after a pass that succeeded at `at` (ms); it ends the outage."""
    return Health(last_success_at=at)


def failed(before: Health, failure: Failure, at: int, steady_s: float) -> Health:
    """Return the state after a pass that failed.

    Args:
        before: The state before it.
        failure: The failure of the pass.
        at: ms since the epoch, UTC.
        steady_s: The monotonic clock in seconds.
    """
    begins = before.failing_since_at is None
    refusals = REFUSALS_FOR_LONG if failure.stays else before.refusals + 1
    return replace(
        before,
        error=failure.error,
        remedy=failure.remedy,
        brief=failure.brief,
        failing_since_at=at if begins else before.failing_since_at,
        failing_since_s=steady_s if begins else before.failing_since_s,
        refusals=refusals if failure.by_person else 0,
    )


def fails_for_long(health: Health, waiting: int, steady_s: float) -> bool:
    """Return whether sending has failed for long enough to tell the user.

    Args:
        health: The present state.
        waiting: The number of waiting rows; an outage is not reported while none wait.
        steady_s: The monotonic clock in seconds.
    """
    if health.failing_since_at is None:
        return False
    if health.refusals >= REFUSALS_FOR_LONG:
        return True
    return bool(waiting) and steady_s - health.failing_since_s >= FOR_LONG_S


def told(health: Health) -> Health:
    """Return the state after the user was told, which happens once per outage."""
    return replace(health, is_told=True)
