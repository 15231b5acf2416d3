"""ServerFilter: selects the server's sessions that a local file had and retention took."""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from peewee import SQL

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.sqlite.forgotten_ranges import ForgottenRange


@dataclass(frozen=True, slots=True)
class ServerFilter:
    """Closed sessions of some devices, without some.

    Attributes:
        devices: Device ids, each with the days on which its sessions are meant.
        without: The uids that are left out.
        forgotten: What lies at least partly in one of these is left out; they are in order of time.
    """

    devices: tuple[tuple[str, DayRange], ...]
    without: frozenset[str]
    forgotten: tuple[ForgottenRange, ...] = ()

    def condition(self, session: Any, touching: Any) -> Any:
        """Return it for the table `session`; `touching(days)` is what lies partly on `days`."""
        each = [(session.device_id == device) & touching(days) for device, days in self.devices]
        # Retention takes no open ones; on the server some are that a clone will go on with.
        condition = (session.open == 0) & reduce(or_, each, SQL("1 = 0"))
        if self.without:
            condition &= session.uid.not_in(sorted(self.without))
        if self.forgotten:
            condition &= ~_in_any(self.forgotten, session)
        return condition


def _in_any(ranges: tuple[ForgottenRange, ...], session: Any) -> Any:
    """Return the condition for what lies at least partly in one of `ranges`, in order of time.

    A tree of halves: a row that is in neither half is asked no more, and hundreds of ranges are
    no deeper than a database's parser goes.
    """
    if len(ranges) == 1:
        return ranges[0].condition(session)
    middle = len(ranges) // 2
    return (
        (session.ended_at >= ranges[0].started_at)
        & (session.started_at < max(each.ended_at for each in ranges))
        & (_in_any(ranges[:middle], session) | _in_any(ranges[middle:], session))
    )
