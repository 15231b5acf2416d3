"""What the database holds of a device stays: what is imported gives way to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.importers.taking import Row


@dataclass(frozen=True, slots=True)
class Held:
    """A row of the database, as far as it matters here."""

    uid: str
    started_at: int
    ended_at: int
    revision: int
    open: int
    deleted: int


class GivingWay:
    """Cuts rows where the database holds others of their device, so that none overlap.

    A row that is held in an older revision is no obstacle, since it is
    replaced. One that was forgotten lets nothing come back into its time.
    """

    def __init__(self, adapter: DatabaseAdapter, part_of: Callable[[Row, int, int], Row]) -> None:
        """Ask `adapter`; `part_of` makes the part of a row between two moments (ms)."""
        self._session = adapter.models.Session
        self._own = adapter.of_this_person(self._session)
        self._part_of = part_of
        self._device_id = ""
        self._seen = 0  # what begins before it was looked at already
        self._walls: list[Held] = []

    def fit(self, rows: list[Row]) -> list[Row]:
        """Return what may be written of `rows`.

        They are of one device, in order, without overlaps, and follow those of
        the call before if that was about the same device.
        """
        walls = [*self._standing(rows[0]), *self._held(rows)]
        mine = {row["uid"]: row["revision"] for row in rows}
        forgotten = {each.uid for each in walls if each.deleted}
        self._walls = [each for each in walls if not _is_replaced(each, mine)]
        self._seen = rows[-1]["ended_at"]
        return list(self._outside([row for row in rows if row["uid"] not in forgotten]))

    def _standing(self, first: Row) -> list[Held]:
        """Return the walls of the call before that reach as far as `first`."""
        if first["device_id"] != self._device_id:
            self._device_id, self._seen = first["device_id"], 0
            return []
        return [each for each in self._walls if each.ended_at > first["started_at"]]

    def _held(self, rows: list[Row]) -> Iterator[Held]:
        session: Any = self._session
        names = ("uid", "started_at", "ended_at", "revision", "open", "deleted")
        found = session.select(*(getattr(session, name) for name in names)).where(
            session.device_id == self._device_id,
            session.started_at >= self._seen,
            session.started_at < rows[-1]["ended_at"],
            session.ended_at > rows[0]["started_at"],
            *self._own,
        )
        for row in found.order_by(session.started_at).tuples():
            yield Held(*row)

    def _outside(self, rows: list[Row]) -> Iterator[Row]:
        walls, first = self._walls, 0
        for row in rows:
            start, end = row["started_at"], row["ended_at"]
            while first < len(walls) and walls[first].ended_at <= start:
                first += 1
            following = first
            while following < len(walls) and walls[following].started_at < end:
                wall = walls[following]
                if start < wall.started_at:
                    yield self._part_of(row, start, wall.started_at)
                start = max(start, wall.ended_at)
                following += 1
            if start < end:
                yield self._part_of(row, start, end)


def _is_replaced(held: Held, mine: dict[str, int]) -> bool:
    return not (held.deleted or held.open) and held.revision < mine.get(held.uid, 0)
