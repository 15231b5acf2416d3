"""Occupied: the stored times of the devices that an imported row must not overlap."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.fields import ms
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.tables import LocalModels
from reprospective_tray.store.sqlite.rows.taken_times import TakenTimes

# An open session with a heartbeat this recent is still being recorded; heartbeats are up to 5
# minutes apart.
_RECORDED_NOW_MS = 600_000
# Longer sessions are kept in memory, so that an index on the start finds all others.
_LONG_MS = 3_600_000
_HOSTS = 10_000


@dataclass(frozen=True, slots=True)
class Held:
    """A row of the database, or a time whose rows retention removed (empty `uid`).

    `says` is its state, application and title.
    """

    uid: str
    started_at: int
    ended_at: int
    revision: int = 0
    open: int = 0
    deleted: int = 0
    says: tuple[str, ...] = ()


class Occupied:
    """Queries stored times; must be called in the adapter's `connection()`.

    Sessions of one device must not overlap. A device id that was derived from the host's name
    (`derived_device_id`) may be any device of that name, so it must not overlap with all devices
    of that name, nor they with it.
    """

    def __init__(self, adapter: DatabaseAdapter, host: str, now: int) -> None:
        """Query `adapter`, into which this computer, named `host`, records; `now` is in ms."""
        self._session: Any = adapter.models.Session
        self._own: list[Any] = adapter.of_this_person(self._session)
        self._now = now
        models = adapter.models
        self._taken = TakenTimes(models) if isinstance(models, LocalModels) else None
        self._of_host: defaultdict[str, set[str]] = defaultdict(set)
        self._of_host[host].add(adapter.device_id)
        self._long: dict[str, list[Held]] = defaultdict(list)
        self._find_devices()
        self._rivals = lru_cache(_HOSTS)(self._find_rivals)

    def rivals(self, device_id: str, source_host: str) -> frozenset[str]:
        """Return the devices that a row of this device and host must not overlap."""
        return self._rivals(device_id, source_host)

    def note(self, row: dict[str, Any]) -> None:
        """Take into account a row that is about to be written."""
        devices = self._of_host[row["source_host"]]
        if row["device_id"] not in devices:
            devices.add(row["device_id"])
            self._rivals.cache_clear()
        if row["ended_at"] - row["started_at"] > _LONG_MS:
            names = ("uid", "started_at", "ended_at", "revision", "open", "deleted")
            held = Held(**{name: row[name] for name in names}, says=says_of(row))
            self._long[row["device_id"]].append(held)

    def between(self, device_ids: Collection[str], since: int, until: int) -> list[Held]:
        """Return the stored times of `device_ids` in [`since`, `until`), sorted by start."""
        session, devices = self._session, sorted(device_ids)
        rows = self._select(
            session.device_id.in_(devices),
            session.started_at >= since - _LONG_MS,
            session.started_at < until,
            session.ended_at > since,
        )
        found = [held for _device, held in rows]
        known = {held.uid for held in found}
        for device in devices:
            found += [
                held
                for held in self._long.get(device, ())
                if held.uid not in known and held.started_at < until and held.ended_at > since
            ]
        if self._taken:
            found += [Held("", *time) for time in self._taken.between(devices, since, until)]
        return sorted(found, key=lambda held: held.started_at)

    def revisions(self, uids: Collection[str]) -> dict[str, Held]:
        """Return the stored rows of `uids`, by uid."""
        return {held.uid: held for _device, held in self._select(self._session.uid.in_(uids))}

    def taken(self, uids: Collection[str]) -> dict[str, int]:
        """Return the revisions in which retention removed the sessions of `uids`."""
        return self._taken.revisions(uids) if self._taken else {}

    def _find_devices(self) -> None:
        """Find the devices of each host and all sessions longer than an hour, in one scan."""
        session = self._session
        pairs = session.select(session.device_id, session.source_host).distinct()
        if self._own:
            pairs = pairs.where(*self._own)
        found: list[tuple[str, str]] = list(pairs.tuples())
        if self._taken:
            found += self._taken.devices()
        for device_id, source_host in found:
            self._of_host[source_host].add(device_id)
        # `between` finds all others by index, because they begin at most an hour before.
        length = ms(session.ended_at) - ms(session.started_at)
        for device, held in self._select(length > _LONG_MS):
            self._long[device].append(held)

    def _select(self, *conditions: Any) -> Iterator[tuple[str, Held]]:
        session = self._session
        names = (
            *("device_id", "uid", "started_at", "ended_at", "revision", "open", "deleted"),
            *("state", "application_name", "window_title"),
        )
        query = session.select(*(getattr(session, name) for name in names))
        for values in query.where(*conditions, *self._own).tuples():
            device, uid, start, end, revision, is_open, deleted, *says = values
            held = Held(uid, start, end, revision, is_open, deleted, tuple(says))
            if held.open and held.ended_at > self._now - _RECORDED_NOW_MS:
                held = replace(held, ended_at=max(held.ended_at, self._now))
            yield device, held

    def _find_rivals(self, device_id: str, source_host: str) -> frozenset[str]:
        derived = derived_device_id(source_host)
        if device_id != derived:
            return frozenset({device_id, derived})
        return frozenset({derived, *self._of_host.get(source_host, ())})


def says_of(row: dict[str, Any]) -> tuple[str, ...]:
    """Return the state, application and title of a row, as `Held.says`."""
    return row["state"], row["application_name"], row["window_title"]
