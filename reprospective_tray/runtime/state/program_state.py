"""What the running program remembers between two runs: the pause, and what it has said.

Not the config, which the person writes, and not `shown`, which other processes
write, too: only the running instance writes this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from reprospective_tray.system import remembered_file
from reprospective_tray.system.remembered_file import Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprospective_tray.system.paths import Paths
    from reprospective_tray.system.remembered_file import ReadFile

# ms since the epoch, UTC: the year 2200. This program has no later times.
LAST_INSTANT = 7_258_118_400_000

Instant = Annotated[int, msgspec.Meta(ge=0, le=LAST_INSTANT)]
"""ms since the epoch, UTC."""


class ProgramState(Remembered, frozen=True, kw_only=True, omit_defaults=True):
    """The content of state.json.

    Attributes:
        paused: Whether nothing is recorded.
        paused_until: When that ends; None: when the person resumes.
        paused_at: When it began.
        told_paused_on: The day (ISO) of the last reminder that it lasts.
        unread_pause: The unreadable file that may contain a pause, which is why
            it is paused; empty if the person paused it.
        first_start_at: When the first start was over that greeted; 0: at an unknown time.
        first_start_tries: How often the window that greets was opened until then.
    """

    paused: bool = False
    paused_until: Instant | None = None
    paused_at: Instant | None = None
    told_paused_on: str = ""
    unread_pause: str = ""
    first_start_at: Instant | None = None
    first_start_tries: Annotated[int, msgspec.Meta(ge=0)] = 0

    @classmethod
    def doubtful(cls, found: Mapping[str, object]) -> dict[str, str]:
        """See `Remembered`: the program writes the end of a pause only with a pause."""
        is_half = "paused" not in found and found.get("paused_until") is not None
        return {"paused": "is missing, and when a pause ends is there"} if is_half else {}

    def is_paused_at(self, now: int) -> bool:
        """Tell whether nothing is recorded at `now` (ms since the epoch, UTC)."""
        return self.paused and (self.paused_until is None or now < self.paused_until)


def load(paths: Paths) -> ProgramState:
    """Return what is remembered; an unreadable pause counts as one until the person resumes."""
    return _as_meant(remembered_file.read(paths.state_file, ProgramState))


def save(paths: Paths, state: ProgramState) -> None:
    """Replace what is remembered by `state`, completely or not at all.

    Raises:
        ReprospectiveError: it could not be written; the earlier content stays.
    """
    remembered_file.write(paths.state_file, state)


def update(paths: Paths, **changes: object) -> ProgramState:
    """Change only the named fields, in their newest state, and return the whole.

    Without changes, an unreadable file is moved aside, and its replacement is written.

    Raises:
        ReprospectiveError: it could not be read or written; nothing has changed then.
        TypeError: there is no such field.
    """
    return remembered_file.change(
        paths.state_file,
        ProgramState,
        lambda reading: msgspec.structs.replace(_as_meant(reading), **changes),
    )


def _as_meant(reading: ReadFile[ProgramState]) -> ProgramState:
    """Do not replace anything unreadable by a default that would record or greet more."""
    found = reading.value
    if "first_start_at" in reading.unread:
        found = msgspec.structs.replace(found, first_start_at=0)
    if "paused" in reading.unread or (found.paused and "paused_until" in reading.unread):
        found = msgspec.structs.replace(
            found, paused=True, paused_until=None, unread_pause=str(reading.place)
        )
    return found
