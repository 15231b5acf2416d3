"""What the person was shown, remembered between two runs: windows, view, retention.

In a separate file, because windows and commands write it: none of them can undo a pause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.system import remembered_file
from reprospective_tray.system.remembered_file import Remembered

if TYPE_CHECKING:
    from reprospective_tray.system.paths import Paths


class Shown(Remembered, frozen=True, kw_only=True, omit_defaults=True):
    """The content of shown.json.

    Attributes:
        summary_geometry: Tk's size and place of the summary (``900x600+40+30``).
        summary_view: The view the summary last showed: ``day``, ``week``, ``month``.
        first_start: Whether the window of the very first start could be seen.
        told_retention_days: The retention that the person was told, in days.
    """

    summary_geometry: str = ""
    summary_view: str = "day"
    first_start: bool = False
    told_retention_days: int | None = None


def load(paths: Paths) -> Shown:
    """Return what is remembered; what cannot be read gets its default."""
    return remembered_file.read(paths.shown_file, Shown).value


def update(paths: Paths, **changes: object) -> Shown:
    """Change only the named fields, in their newest state, and return the whole.

    Raises:
        ReprospectiveError: it could not be read or written; nothing has changed then.
        TypeError: there is no such field.
    """
    return remembered_file.change(
        paths.shown_file,
        Shown,
        lambda reading: msgspec.structs.replace(reading.value, **changes),
    )
