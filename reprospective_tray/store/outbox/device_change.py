"""Gives a local file a new device id.

A cloned or restored file must not keep the device id of the other copy; it continues as a new
device.
"""

from dataclasses import dataclass

from reprospective_tray.store.model.ids import new_device_id, new_uid
from reprospective_tray.store.outbox.outbox import offer_everything
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey


@dataclass(frozen=True, slots=True)
class Renamed:
    """The uid of the open session before and after the change of device."""

    old_uid: str
    new_uid: str


def become_another_device(adapter: SqliteAdapter) -> Renamed | None:
    """Give the file and its open session a new identity, and mark all rows to be sent again.

    Closed sessions and entries keep their uid and device. Must be called in the adapter's
    `connection()`, either in the recording thread or while nothing is recording.
    """
    facts = FileMeta(adapter)
    with adapter.database.atomic("IMMEDIATE"):
        before = adapter.device_id
        former = [*facts.get(MetaKey.FORMER_DEVICE_IDS, []), before]
        facts.put(MetaKey.FORMER_DEVICE_IDS, former)
        adapter.adopt_device_id(new_device_id())
        renamed = _rename(adapter, before)
        facts.put(MetaKey.ACKNOWLEDGED, None)
        facts.put(MetaKey.PENDING, None)
        offer_everything(adapter)
    return renamed


def _rename(adapter: SqliteAdapter, device_id: str) -> Renamed | None:
    session = adapter.models.Session
    row = session.get_or_none(session.device_id == device_id, session.open == 1)
    if row is None:
        return None
    uid = new_uid(row.started_at)
    session.update(
        uid=uid, device_id=adapter.device_id, revision=session.revision + 1, synced=0
    ).where(session.id == row.id).execute()
    return Renamed(row.uid, uid)
