"""FileMeta: persistent values about the local file, in `desktop_activity_meta`."""

from enum import StrEnum
from typing import Any, Protocol

import msgspec

from reprospective_tray.store.model.tables import LocalModels


class MetaKey(StrEnum):
    """The keys; times are ms since the epoch, UTC."""

    FORMER_DEVICE_IDS = "former_device_ids"  # the file's device ids before a fork
    ACKNOWLEDGED = "sync.acknowledged"  # the pair last acknowledged by the server
    PENDING = "sync.pending"  # the pair of a batch whose answer is awaited
    REOFFER = "sync.reoffer"  # sessions up to this id are still to be sent again
    REOFFER_ENTRIES = "sync.reoffer_entries"  # the same for entries
    SERVER_SCHEMA = "sync.server_schema"  # the server's schema version at its last answer
    LAST_SUCCESS_AT = "sync.last_success_at"  # by this computer's clock
    LAST_ERROR = "sync.last_error"
    LEFTOVER = "leftover.applied"  # the token of the leftover file applied last
    RETENTION_HORIZON = "retention.horizon"  # the latest end of a session removed by retention
    RETENTION_DUE = "retention.due"  # [days, when retention may next remove rows, server's clock]
    PERSON = "import.person"  # the owner of imported sessions, if no server names one


class _OfFile(Protocol):
    """An adapter of a local file."""

    models: LocalModels


class FileMeta:
    """Reads and writes values; must be called in the adapter's `connection()`."""

    def __init__(self, adapter: _OfFile) -> None:
        """Store the values in the file of `adapter`."""
        self._meta = adapter.models.Meta

    def device_id(self) -> str:
        """Return the file's current device id; another process may have changed it."""
        return str(self._meta.get(key="device_id").value)

    def get(self, fact: MetaKey, otherwise: Any = None) -> Any:
        """Return the stored value, or `otherwise` if there is none."""
        found = self._meta.get_or_none(key=fact.value)
        return otherwise if found is None else msgspec.json.decode(found.value)

    def put(self, fact: MetaKey, value: Any) -> None:
        """Store `value`, which must be JSON-serialisable; None deletes the key."""
        if value is None:
            self._meta.delete().where(self._meta.key == fact.value).execute()
        else:
            self._meta.replace(key=fact.value, value=msgspec.json.encode(value).decode()).execute()
