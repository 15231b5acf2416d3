"""The result of a check, and how a check is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.system.paths import Paths

# This computer's own parts answer in a tenth of a second, or later if it is very busy.
DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Case:
    """What is checked: a person's current config, and where their files are."""

    loaded: LoadedConfig
    paths: Paths


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table.

    Attributes:
        name: Which check, the same in every language; `checks.text` has its title.
        found: Whether it is there and as it should be; None if that cannot be determined, or if
            nothing is to be found yet.
        detail: What was found, or what is wrong.
        remedy: What the person can do; empty if nothing has to be done.
        needed: Whether recording, or sending where it is on, requires it.
    """

    name: str
    found: bool | None
    detail: str
    remedy: str = ""
    needed: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether something required is missing."""
        return self.needed and self.found is False


@dataclass(frozen=True, slots=True)
class Check:
    """One check, in a thread of its own. It opens nothing for writing.

    Attributes:
        names: The names of its findings; those without an answer in time are reported by them.
        look: Runs the check. If it raises, the result is reported as unknown.
        needed: Returns which of them are required, in case no answer comes in time.
        deadline_s: How long it may take, in seconds.
    """

    names: tuple[str, ...]
    look: Callable[[Case], list[Finding]]
    needed: Callable[[Case], tuple[str, ...]] = lambda _case: ()
    deadline_s: float = DEADLINE_S
