"""ServerFilter: selects the server's sessions that retention removed from a local file."""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from peewee import SQL

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.sqlite.rows.forgotten_ranges import ForgottenRange


@dataclass(frozen=True, slots=True)
class ServerFilter:
    """Selects closed sessions of given devices, with exclusions.

    Attributes:
        devices: Device ids, each with the days whose sessions are selected.
        without: Excluded uids.
        forgotten: Sessions that overlap one of these ranges are excluded; sorted by time.
    """

    devices: tuple[tuple[str, DayRange], ...]
    without: frozenset[str]
    forgotten: tuple[ForgottenRange, ...] = ()

    def condition(self, session: Any, touching: Any) -> Any:
        """Return the condition on the table `session`; `touching(days)` matches overlaps."""
        each = [(session.device_id == device) & touching(days) for device, days in self.devices]
        # Retention removes no open sessions; open ones on the server may belong to a clone.
        condition = (session.open == 0) & reduce(or_, each, SQL("1 = 0"))
        if self.without:
            condition &= session.uid.not_in(sorted(self.without))
        if self.forgotten:
            condition &= ~_in_any(self.forgotten, session)
        return condition


def _in_any(ranges: tuple[ForgottenRange, ...], session: Any) -> Any:
    """Return the condition for sessions that overlap one of `ranges`, which are sorted by time.

    The condition is a binary tree: a row outside both halves is rejected early, and hundreds of
    ranges stay within the database's limit on expression depth.
    """
    if len(ranges) == 1:
        return ranges[0].condition(session)
    middle = len(ranges) // 2
    return (
        (session.ended_at >= ranges[0].started_at)
        & (session.started_at < max(each.ended_at for each in ranges))
        & (_in_any(ranges[:middle], session) | _in_any(ranges[middle:], session))
    )
