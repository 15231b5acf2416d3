"""What was forgotten by range, after retention had taken it: it must not come back."""

from dataclasses import dataclass
from typing import Any

import msgspec

from reprospective_tray.store.day_parts import day_name, pieces
from reprospective_tray.store.models import LocalModels
from reprospective_tray.store.ranges import LARGEST_OFFSET_MS


@dataclass(frozen=True, slots=True)
class _Range:
    device_ids: frozenset[str]
    started_at: int
    ended_at: int
    application_name: str | None

    def concerns(self, row: dict[str, Any]) -> bool:
        return row["device_id"] in self.device_ids and (
            self.application_name is None or self.application_name == row["application_name"]
        )

    def holds(self, row: dict[str, Any]) -> bool:
        start: int = row["started_at"]
        end: int = row["ended_at"]
        return start < self.ended_at and (end > self.started_at or start >= self.started_at)

    def touches_day_of(self, row: dict[str, Any]) -> bool:
        # Generous: whose totals went is no longer known, and the server has the row.
        first = day_name(self.started_at - LARGEST_OFFSET_MS)
        last = day_name(self.ended_at + LARGEST_OFFSET_MS)
        parts = pieces(row["started_at"], row["ended_at"], row["utc_offset_minutes"])
        return any(first <= part.day <= last for part in parts)


class ForgottenRanges:
    """The range orders of a file; read them inside the transaction that relies on them."""

    def __init__(self, models: LocalModels) -> None:
        """Read them."""
        self._ranges = [
            _Range(
                frozenset(msgspec.json.decode(order.device_ids)),
                order.started_at,
                order.ended_at,
                order.application_name,
            )
            for order in models.RangeOrder.select()
        ]

    def hold(self, row: dict[str, Any]) -> bool:
        """Tell whether a session, as a row, lies at least partly in one of them."""
        return any(each.concerns(row) and each.holds(row) for each in self._ranges)

    def touch_day_of(self, row: dict[str, Any]) -> bool:
        """Tell whether the totals of a day of `row` may have gone with one of them."""
        return any(each.concerns(row) and each.touches_day_of(row) for each in self._ranges)
