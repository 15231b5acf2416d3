"""What the program itself remembers between two runs: pause, what was said, window sizes.

Not to be mixed up with the config, which the person writes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray import ownership
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.locks import FileLock
from reprospective_tray.messages import _
from reprospective_tray.private_files import make_private_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.paths import Paths

_log = logging.getLogger(__name__)

# Another process holds the lock for a read and a write of some hundred bytes.
LOCK_SECONDS = 2.0


class ProgramState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of state.json. Instants are ms since the epoch, UTC.

    `paused_until` is None for "until I resume"; `geometry` has Tk's size and
    place (``900x600+40+30``) by the name of the window; `summary_view` is what the
    summary was last looked at as (``day``, ``week``, ``month``); `told_retention_days` is
    the retention that the person was told of, in days; `paused_at` is when the pause
    began, `told_paused_on` the day (ISO) on which it was last said that it lasts.
    """

    paused: bool = False
    paused_until: int | None = None
    first_start_at: int | None = None
    geometry: dict[str, str] = {}
    summary_view: str = "day"
    told_retention_days: int | None = None
    paused_at: int | None = None
    told_paused_on: str = ""

    def is_paused_at(self, now: int) -> bool:
        """Say whether nothing is recorded at `now` (ms since the epoch, UTC)."""
        return self.paused and (self.paused_until is None or now < self.paused_until)


def load(paths: Paths) -> ProgramState:
    """Return what is remembered; a damaged or unreadable file counts as empty, said in the log."""
    file = paths.state_file
    try:
        return msgspec.json.decode(ownership.read_own(file), type=ProgramState)
    except FileNotFoundError:
        return ProgramState()
    except (msgspec.MsgspecError, RecursionError, OSError) as error:
        _log.warning("%s cannot be used and counts as empty: %s", file, error)
        return ProgramState()


def save(paths: Paths, state: ProgramState) -> None:
    """Write `state` in place of what is remembered, whole or not at all.

    Raises:
        ReprospectiveError: it could not be written; what was remembered before stays.
    """
    try:
        make_private_folder(paths.state)
        write_private(paths.state_file, msgspec.json.encode(state))
    except OSError as error:
        raise _not_written(paths.state_file, error) from error


def update(paths: Paths, **changes: object) -> ProgramState:
    """Change the named fields alone, in their newest state, and return the whole.

    The summary window is a process of its own: what it writes and what the
    running instance writes must not undo each other.

    Raises:
        ReprospectiveError: it could not be written.
        TypeError: there is no such field.
    """
    lock = FileLock(paths.state / "state.lock")
    try:
        make_private_folder(paths.state)
        if not lock.acquire(timeout=LOCK_SECONDS):
            _log.warning("%s is locked by somebody else; written all the same", lock.path)
    except OSError as error:
        raise _not_written(paths.state_file, error) from error
    try:
        state = msgspec.structs.replace(load(paths), **changes)
        save(paths, state)
    finally:
        lock.release()
    return state


def _not_written(file: Path, error: OSError) -> ReprospectiveError:
    return ReprospectiveError(
        _("{file} cannot be written: {reason}").format(file=file, reason=error.strerror or error),
        _("Free some space, or give yourself write access to it."),
    )
