"""What was forgotten by range, after retention had taken it: it must not come back."""

from dataclasses import dataclass
from typing import Any

import msgspec

from reprospective_tray.store.day_parts import day_name, pieces
from reprospective_tray.store.models import LocalModels
from reprospective_tray.store.ranges import LARGEST_OFFSET_MS, DayRange


@dataclass(frozen=True, slots=True)
class ForgottenRange:
    """[`started_at`, `ended_at`) (ms UTC) of some devices, of one application if it names one."""

    device_ids: frozenset[str]
    started_at: int
    ended_at: int
    application_name: str | None

    def concerns(self, row: dict[str, Any]) -> bool:
        """Tell whether device and application of a row are meant."""
        return row["device_id"] in self.device_ids and (
            self.application_name is None or self.application_name == row["application_name"]
        )

    def holds(self, row: dict[str, Any]) -> bool:
        """Tell whether a row lies at least partly in its time."""
        start: int = row["started_at"]
        end: int = row["ended_at"]
        return start < self.ended_at and (end > self.started_at or start >= self.started_at)

    def touches_day_of(self, row: dict[str, Any]) -> bool:
        """Tell whether totals of a day of the row may have gone with it."""
        # Generous: whose totals went is no longer known, and the server has the row.
        first = day_name(self.started_at - LARGEST_OFFSET_MS)
        last = day_name(self.ended_at + LARGEST_OFFSET_MS)
        parts = pieces(row["started_at"], row["ended_at"], row["utc_offset_minutes"])
        return any(first <= part.day <= last for part in parts)

    def condition(self, session: Any) -> Any:
        """Return the condition for sessions of the table that are meant and lie partly in it."""
        condition = (
            session.device_id.in_(sorted(self.device_ids))
            & (session.started_at < self.ended_at)
            & ((session.ended_at > self.started_at) | (session.started_at >= self.started_at))
        )
        if self.application_name is None:
            return condition
        return condition & (session.application_name == self.application_name)


class ForgottenRanges:
    """The range orders of a file; read them inside the transaction that relies on them."""

    def __init__(self, models: LocalModels) -> None:
        """Read them."""
        self._ranges = [
            ForgottenRange(
                frozenset(msgspec.json.decode(order.device_ids)),
                order.started_at,
                order.ended_at,
                order.application_name,
            )
            for order in models.RangeOrder.select()
        ]

    def near(self, days: DayRange) -> tuple[ForgottenRange, ...]:
        """Return those that may meet `days`, whatever the clock on the wall was."""
        since, until = days.begin - LARGEST_OFFSET_MS, days.end + LARGEST_OFFSET_MS
        return tuple(
            each for each in self._ranges if each.started_at < until and each.ended_at > since
        )

    def hold(self, row: dict[str, Any]) -> bool:
        """Tell whether a session, as a row, lies at least partly in one of them."""
        return any(each.concerns(row) and each.holds(row) for each in self._ranges)

    def touch_day_of(self, row: dict[str, Any]) -> bool:
        """Tell whether the totals of a day of `row` may have gone with one of them."""
        return any(each.concerns(row) and each.touches_day_of(row) for each in self._ranges)
