"""What a check finds, and how a check is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.system.paths import Paths

# This computer's own parts answer in a tenth of a second, and later where it is very busy.
DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class Case:
    """What is looked at: a person's config in force, and where their things lie."""

    loaded: LoadedConfig
    paths: Paths


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table.

    Attributes:
        name: Which check, the same in every language; `checks.text` has its title.
        found: Whether it is there and as it should be; None where that cannot be told, or where
            there is nothing to be found as yet.
        detail: What was found, or what is wrong.
        remedy: What the person can do; empty where nothing has to be done.
        needed: Whether recording, and sending where it is on, do without.
    """

    name: str
    found: bool | None
    detail: str
    remedy: str = ""
    needed: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether something is missing that is needed."""
        return self.needed and self.found is False


@dataclass(frozen=True, slots=True)
class Check:
    """One look at something, in a thread of its own. It opens nothing for writing.

    Attributes:
        names: The names of its findings; what has no answer in time is reported by them.
        look: Looks. What it raises is reported as unknown.
        needed: Returns which of them are needed, for the case that no answer comes in time.
        deadline_s: How long it may take, in seconds.
    """

    names: tuple[str, ...]
    look: Callable[[Case], list[Finding]]
    needed: Callable[[Case], tuple[str, ...]] = lambda _case: ()
    deadline_s: float = DEADLINE_S
