"""RowWriter: inserts many finished rows at once into either kind of database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True)
class LeftOut:
    """How many rows were not stored: forgotten ones, and those kept only on the server."""

    forgotten: int = 0
    on_server: int = 0


class RowWriter(Protocol):
    """Inserts finished sessions in batches; must be called in the adapter's `connection()`."""

    left_out: LeftOut

    def write(self, rows: Sequence[dict[str, Any]]) -> int:
        """Store rows that are new or of a newer revision, in short transactions; return how many.

        A stored row stays unchanged if it has the same or a newer revision, is open, or is a
        tombstone.
        """
