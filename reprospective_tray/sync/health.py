"""How sending goes, as a value: results of passes and times in, what to tell a person out. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

# A server that is away comes back by itself: a person hears of it when it has lasted.
FOR_LONG_S = 1800.0
# What a person has to mend does not go away: after so many passes in a row it is no accident.
REFUSALS_FOR_LONG = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """What a pass failed of: a sentence, what to do, and whether a person has to.

    `stays` where there will be no other pass: then it need not come again to be no accident.
    """

    error: str
    remedy: str = ""
    by_person: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """What the passes so far have shown.

    Attributes:
        last_success_at: ms since the epoch; None before the first.
        error: What the last pass failed of, a sentence; empty when it did not.
        remedy: What to do about it.
        failing_since_at: When the first of the passes failed that have failed since the last
            success, ms since the epoch; None while all is well.
        failing_since_s: The same by the monotonic clock, which nobody sets, in seconds.
        refusals: Passes in a row that failed of something that a person has to mend.
        is_told: Whether a person was told of this outage.
    """

    last_success_at: int | None = None
    error: str = ""
    remedy: str = ""
    failing_since_at: int | None = None
    failing_since_s: float = 0.0
    refusals: int = 0
    is_told: bool = False


def succeeded(at: int) -> Health:
    """Return how things stand after a pass that ended well at `at` (ms): the outage is over."""
    return Health(last_success_at=at)


def failed(before: Health, failure: Failure, at: int, steady_s: float) -> Health:
    """Return how things stand after a pass that failed.

    Args:
        before: How they stood.
        failure: What it failed of.
        at: ms since the epoch.
        steady_s: The monotonic clock.
    """
    begins = before.failing_since_at is None
    refusals = REFUSALS_FOR_LONG if failure.stays else before.refusals + 1
    return replace(
        before,
        error=failure.error,
        remedy=failure.remedy,
        failing_since_at=at if begins else before.failing_since_at,
        failing_since_s=steady_s if begins else before.failing_since_s,
        refusals=refusals if failure.by_person else 0,
    )


def fails_for_long(health: Health, waiting: int, steady_s: float) -> bool:
    """Say whether it is time for a person to know.

    Args:
        health: How things stand.
        waiting: How many rows wait: an outage that keeps nothing from anybody is none.
        steady_s: The monotonic clock.
    """
    if health.failing_since_at is None:
        return False
    if health.refusals >= REFUSALS_FOR_LONG:
        return True
    return bool(waiting) and steady_s - health.failing_since_s >= FOR_LONG_S


def told(health: Health) -> Health:
    """Return the same after a person was told: once for each outage is enough."""
    return replace(health, is_told=True)
