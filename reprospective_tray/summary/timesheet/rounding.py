"""Rounding in steps, so that the parts still add up to the whole. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from reprospective_tray.store.model.sessions import MINUTE_MS

PER_ENTRY, PER_DAY, PER_CATEGORY = "entry", "day", "category"


class Rounding(Struct, frozen=True):
    """How a time sheet is rounded.

    Attributes:
        minutes: The step.
        up: Whether every unit is rounded up; else to the nearest step, a half up.
        per: The unit that is rounded: ``entry`` (an entry on one day, or what rules gave to one
            row), ``day``, or ``category`` (a row).
    """

    minutes: int
    up: bool = False
    per: str = PER_CATEGORY

    @property
    def name(self) -> str:
        """As it is written on the command line: ``15m:up``."""
        return f"{self.minutes}m:{'up' if self.up else 'nearest'}"

    @property
    def step_ms(self) -> int:
        """The step in ms."""
        return self.minutes * MINUTE_MS

    def whole(self, ms: int) -> int:
        """Return the ms of a unit, rounded."""
        return rounded(ms, self.step_ms, up=self.up)


def rounded(ms: int, step: int, *, up: bool = False) -> int:
    """Return `ms` as a multiple of `step`: the nearest one (a half is rounded up), or the next."""
    return (ms + (step - 1 if up else step // 2)) // step * step


def share(total: int, parts: Sequence[int], step: int) -> list[int]:
    """Return the parts as multiples of `step` that add up to `total`, each less than a step away.

    Args:
        total: The sum of `parts`, rounded to a multiple of `step` up or down.
        parts: Each 0 or more. What the largest ones have beyond a step counts first.
        step: 1 or more.
    """
    found = [part // step * step for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda n: (-(parts[n] % step), -parts[n], n))
    for number in by_rest[: (total - sum(found)) // step]:
        found[number] += step
    return found
