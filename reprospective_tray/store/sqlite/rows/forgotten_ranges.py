"""Ranges forgotten after retention had removed their sessions, which must not be imported again.

There may be hundreds of ranges after years. An import checks each row against them, so they are
sorted and merged to allow a binary search.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec

from reprospective_tray.store.model.ranges import LARGEST_OFFSET_MS, DayRange
from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS
from reprospective_tray.store.model.tables import LocalModels

Span = tuple[int, int]  # half-open
Key = tuple[str, str | None]  # a device, and an application (None: all)


@dataclass(frozen=True, slots=True)
class ForgottenRange:
    """[`started_at`, `ended_at`) (ms UTC) of some devices, of one application if it names one."""

    device_ids: frozenset[str]
    started_at: int
    ended_at: int
    application_name: str | None

    def condition(self, session: Any) -> Any:
        """Return the condition for sessions in the table `session` that overlap the range."""
        condition = (
            session.device_id.in_(sorted(self.device_ids))
            & (session.started_at < self.ended_at)
            & ((session.ended_at > self.started_at) | (session.started_at >= self.started_at))
        )
        if self.application_name is None:
            return condition
        return condition & (session.application_name == self.application_name)


class ForgottenRanges:
    """The range orders of a file; read them in the transaction that relies on them."""

    def __init__(self, models: LocalModels) -> None:
        """Read the orders from the database."""
        order = models.RangeOrder
        columns = (order.device_ids, order.started_at, order.ended_at, order.application_name)
        device_ids: dict[str, frozenset[str]] = {}  # cache: most orders have the same devices
        self._ranges = []
        for encoded, started_at, ended_at, application_name in order.select(*columns).tuples():
            if encoded not in device_ids:
                device_ids[encoded] = frozenset(msgspec.json.decode(encoded))
            self._ranges.append(
                ForgottenRange(device_ids[encoded], started_at, ended_at, application_name)
            )

    def near(self, days: DayRange) -> tuple[ForgottenRange, ...]:
        """Return the ranges that may overlap `days` in any time zone, sorted by time.

        Touching or overlapping ranges of the same devices and application are merged.
        """
        since, until = days.begin - LARGEST_OFFSET_MS, days.end + LARGEST_OFFSET_MS
        alike: dict[tuple[frozenset[str], str | None], list[ForgottenRange]] = {}
        for each in self._ranges:
            if each.started_at < until and each.ended_at > since:
                alike.setdefault((each.device_ids, each.application_name), []).append(each)
        found = [
            replace(some[0], started_at=start, ended_at=end)
            for some in alike.values()
            for start, end in _merged((each.started_at, each.ended_at) for each in some)
        ]
        return tuple(sorted(found, key=lambda each: each.started_at))

    def hold(self, row: dict[str, Any]) -> bool:
        """Return whether a session, given as a row, overlaps one of the ranges."""
        start: int = row["started_at"]
        return self._meet(self._times, row, (start, max(row["ended_at"], start + 1)))

    def touch_day_of(self, row: dict[str, Any]) -> bool:
        """Return whether the totals of one of the row's days may have been deleted with a range."""
        offset = row["utc_offset_minutes"] * MINUTE_MS
        last = max(row["started_at"], row["ended_at"] - 1)
        days = (row["started_at"] + offset) // DAY_MS, (last + offset) // DAY_MS + 1
        return self._meet(self._days, row, days)

    @cached_property
    def _times(self) -> dict[Key, list[Span]]:
        return self._by_key((each.started_at, each.ended_at) for each in self._ranges)

    @cached_property
    def _days(self) -> dict[Key, list[Span]]:
        # Deliberately wide: which totals were deleted is no longer known, and the server has the
        # row.
        return self._by_key(
            (
                (each.started_at - LARGEST_OFFSET_MS) // DAY_MS,
                (each.ended_at + LARGEST_OFFSET_MS) // DAY_MS + 1,
            )
            for each in self._ranges
        )

    def _by_key(self, spans: Iterable[Span]) -> dict[Key, list[Span]]:
        found: dict[Key, list[Span]] = {}
        for each, span in zip(self._ranges, spans, strict=True):
            for device_id in each.device_ids:
                found.setdefault((device_id, each.application_name), []).append(span)
        return {key: _merged(of_key) for key, of_key in found.items()}

    @staticmethod
    def _meet(known: dict[Key, list[Span]], row: dict[str, Any], span: Span) -> bool:
        device_id = row["device_id"]
        return any(
            _meets(known.get((device_id, name), ()), span)
            for name in (None, row["application_name"])
        )


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans sorted, with touching or overlapping ones merged."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _meets(spans: Sequence[Span], span: Span) -> bool:
    """Return whether `span` overlaps one of `spans`, which are sorted and disjoint."""
    start, end = span
    last = bisect_left(spans, (end,)) - 1  # the last one that begins before `end`
    return last >= 0 and spans[last][1] > start
