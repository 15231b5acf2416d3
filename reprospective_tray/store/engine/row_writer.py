"""What writes many finished rows at once, into whichever database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprospective_tray.store.sqlite.row_writer import LeftOut


class RowWriter(Protocol):
    """Use it inside the adapter's `connection()`."""

    left_out: LeftOut

    def write(self, rows: Sequence[dict[str, Any]]) -> int:
        """Store what is new or newer than what is held, in short transactions; return how many.

        A row that is held in the same or a newer revision, is open there, or is a
        tombstone stays as it is.
        """
