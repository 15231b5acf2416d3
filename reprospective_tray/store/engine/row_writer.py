"""RowWriter: what writes many finished rows at once, into whichever database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True)
class LeftOut:
    """How many rows were not stored: forgotten ones, and such as the server alone keeps."""

    forgotten: int = 0
    on_server: int = 0


class RowWriter(Protocol):
    """Use it inside the adapter's `connection()`."""

    left_out: LeftOut

    def write(self, rows: Sequence[dict[str, Any]]) -> int:
        """Store what is new or newer than what is held, in short transactions; return how many.

        A row that is held in the same or a newer revision, is open there, or is a
        tombstone stays as it is.
        """
