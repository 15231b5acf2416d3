"""The times of sessions removed by retention, merged so that ten years need few rows."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from reprospective_tray.store.model.sessions import Interval
from reprospective_tray.store.model.tables import LocalModels


class TakenTimes:
    """Maintains `desktop_activity_taken_times`; must be called in the adapter's `connection()`."""

    def __init__(self, models: LocalModels) -> None:
        """Work on the tables of one local file."""
        self._table = models.TakenTime
        self._uids = models.Taken

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add the times of sessions, given as table rows; must be called in a transaction."""
        by_device: dict[tuple[str, str], list[Interval]] = defaultdict(list)
        for row in rows:
            if row["ended_at"] > row["started_at"]:
                whose = row["device_id"], row["source_host"]
                by_device[whose].append((row["started_at"], row["ended_at"]))
        for whose, times in by_device.items():
            self._add(*whose, times)

    def _add(self, device_id: str, source_host: str, times: list[Interval]) -> None:
        table = self._table
        of_device = (table.device_id == device_id) & (table.source_host == source_host)
        first, last = min(start for start, _end in times), max(end for _start, end in times)
        # Includes touching times, which are merged.
        near = of_device & (table.started_at <= last) & (table.ended_at >= first)
        known = table.select(table.started_at, table.ended_at).where(near).tuples()
        times = united([*known, *times])
        table.delete().where(near).execute()
        table.insert_many(
            [(device_id, source_host, *time) for time in times],
            fields=[table.device_id, table.source_host, table.started_at, table.ended_at],
        ).execute()

    def between(self, device_ids: Collection[str], since: int, until: int) -> list[Interval]:
        """Return the times of `device_ids` that overlap [`since`, `until`)."""
        table = self._table
        found = table.select(table.started_at, table.ended_at).where(
            table.device_id.in_(device_ids), table.started_at < until, table.ended_at > since
        )
        return list(found.tuples())

    def revisions(self, uids: Collection[str]) -> dict[str, int]:
        """Return the revisions in which the sessions of `uids` were removed by retention."""
        taken = self._uids
        found = taken.select(taken.uid, taken.revision).where(taken.uid.in_(uids))
        return dict(found.tuples())

    def devices(self) -> list[tuple[str, str]]:
        """Return the device id and host of each device with stored times."""
        table = self._table
        return list(table.select(table.device_id, table.source_host).distinct().tuples())


def united(times: Iterable[Interval]) -> list[Interval]:
    """Return the times sorted, with touching or overlapping ones merged."""
    found: list[Interval] = []
    for start, end in sorted(times):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found
