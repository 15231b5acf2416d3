"""OwnTimeFirst: clips imported sessions where the database already holds that time."""

from collections.abc import Callable, Iterator

from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.transfer.importers.checking import shown
from reprospective_tray.store.transfer.importers.occupied import Held, Occupied, says_of
from reprospective_tray.store.transfer.importers.overlaps import Overlaps

# Returns the part of a row between two times (ms).
PartOf = Callable[[Row, int, int], Row]


class OwnTimeFirst:
    """Clips rows where the database has others of the same device, or of a device of its host.

    A stored older revision of the same row is no obstacle, because it is replaced. The time of a
    forgotten session stays blocked. So does the time of a session that retention removed, except
    for that session itself. Of overlapping rows in one batch, the one that begins first is kept.
    """

    def __init__(
        self, occupied: Occupied, part_of: PartOf, overlaps: Overlaps, *, fills: bool = False
    ) -> None:
        """Use the stored times of `occupied`; `part_of` returns the part of a row between two ms.

        A row whose stored revision is the same or newer is skipped. With `fills`, it is instead
        clipped by the stored times, so that free time is filled.
        """
        self._occupied = occupied
        self._part_of = part_of
        self.overlaps = overlaps
        self._fills = fills

    def fit(self, rows: list[Row], places: dict[str, str]) -> list[Row]:
        """Return the parts of `rows` that may be written; `places` are their places by uid."""
        newest: dict[str, Row] = {}
        for row in rows:
            known = newest.get(row["uid"])
            if known is None or known["revision"] < row["revision"]:
                newest[row["uid"]] = row
        batch = _BatchObstacles(self._occupied, newest)
        found = list(self._fitting(batch, sorted(newest.values(), key=_start_of), places))
        for row in found:
            self._occupied.note(row)
        return found

    def _fitting(
        self, batch: "_BatchObstacles", rows: list[Row], places: dict[str, str]
    ) -> Iterator[Row]:
        for row in rows:
            uid = row["uid"]
            held, taken = batch.held.get(uid), batch.taken.get(uid)
            if held and (held.deleted or (not self._fills and not _is_older(held, row))):
                continue
            is_back = taken == row["revision"]
            if row["started_at"] == row["ended_at"] or is_back or (taken and not self._fills):
                # The writer decides which rows are restored after retention.
                if is_back:
                    batch.place(row)
                yield row
                continue
            yield from self._outside(batch, row, places.get(uid, ""))

    def _outside(self, batch: "_BatchObstacles", row: Row, place: str) -> Iterator[Row]:
        start, end = row["started_at"], row["ended_at"]
        left_out: list[tuple[int, int]] = []
        for wall in batch.walls(row):
            if wall.started_at >= end:
                break
            if start < wall.started_at:
                yield self._part_of(row, start, wall.started_at)
            blocked = max(start, wall.started_at), min(end, wall.ended_at)
            if blocked[0] < blocked[1] and not _is_same(wall, row):
                left_out.append(blocked)
            start = max(start, wall.ended_at)
        if start < end:
            yield self._part_of(row, start, end)
        batch.place(row)
        if left_out:
            lost = sum(until - since for since, until in left_out)
            self.overlaps.add(
                place or shown(row["source_host"]), left_out[0][0], left_out[-1][1], lost
            )


class _BatchObstacles:
    """The obstacles for the rows of one batch; the rows must be queried in order."""

    def __init__(self, occupied: Occupied, rows: dict[str, Row]) -> None:
        self._occupied = occupied
        self._since = min(row["started_at"] for row in rows.values())
        self._until = max(row["ended_at"] for row in rows.values())
        self._mine = rows
        self._walls: dict[frozenset[str], _Walls] = {}
        self._placed: dict[str, Held] = {}  # device → the placed row with the latest end
        self.held = occupied.revisions(list(self._mine))
        self.taken = occupied.taken(list(self._mine))

    def walls(self, row: Row) -> Iterator[Held]:
        """Yield the obstacles that end after the start of `row`, sorted by start."""
        rivals = self._occupied.rivals(row["device_id"], row["source_host"])
        # The whole time between start and end of a placed row is occupied.
        yield from (self._placed[device] for device in rivals if device in self._placed)
        if rivals not in self._walls:
            found = self._occupied.between(rivals, self._since, self._until)
            self._walls[rivals] = _Walls([each for each in found if not self._is_replaced(each)])
        yield from self._walls[rivals].after(row["started_at"])

    def place(self, row: Row) -> None:
        """Add `row` as an obstacle for later rows."""
        last = self._placed.get(row["device_id"])
        if last is None or last.ended_at < row["ended_at"]:
            placed = Held(row["uid"], row["started_at"], row["ended_at"], says=says_of(row))
            self._placed[row["device_id"]] = placed

    def _is_replaced(self, held: Held) -> bool:
        row = self._mine.get(held.uid)
        return row is not None and not held.deleted and _is_older(held, row)


class _Walls:
    """Times sorted by start; those that have ended are skipped in later calls."""

    def __init__(self, walls: list[Held]) -> None:
        self._walls = walls
        self._first = 0

    def after(self, moment: int) -> Iterator[Held]:
        """Yield the times that end after `moment`, which must not decrease between calls."""
        walls = self._walls
        while self._first < len(walls) and walls[self._first].ended_at <= moment:
            self._first += 1
        for number in range(self._first, len(walls)):
            if walls[number].ended_at > moment:
                yield walls[number]


def _start_of(row: Row) -> int:
    start: int = row["started_at"]
    return start


def _is_older(held: Held, row: Row) -> bool:
    """Return whether the stored row is replaced by `row` with the same uid."""
    return not held.open and held.revision < row["revision"]


def _is_same(held: Held, row: Row) -> bool:
    """Return whether `row` is the same session, even if its uid was derived differently."""
    times = (held.started_at, held.ended_at) == (row["started_at"], row["ended_at"])
    return held.uid == row["uid"] or (times and not held.deleted and held.says == says_of(row))
