"""FileMeta: values about the local file that outlive a process, in `desktop_activity_meta`."""

from enum import StrEnum
from typing import Any, Protocol

import msgspec

from reprospective_tray.store.model.tables import LocalModels


class MetaKey(StrEnum):
    """The keys; times are ms since the epoch, UTC."""

    FORMER_DEVICE_IDS = "former_device_ids"  # what this file was before a fork
    ACKNOWLEDGED = "sync.acknowledged"  # the pair that the server took last
    PENDING = "sync.pending"  # the pair of a batch whose answer is awaited
    REOFFER = "sync.reoffer"  # rows up to this id are still to be offered again
    SERVER_SCHEMA = "sync.server_schema"  # the server's, at its last answer
    LAST_SUCCESS_AT = "sync.last_success_at"  # by this computer's clock
    LAST_ERROR = "sync.last_error"
    LEFTOVER = "leftover.applied"  # the token of what an earlier run could not write, and this did
    RETENTION_HORIZON = "retention.horizon"  # the latest end that retention has taken
    RETENTION_DUE = "retention.due"  # [days, when something may go next, by the server's clock]
    PERSON = "import.person"  # whose imported sessions are, where no server says it


class _OfFile(Protocol):
    """An adapter of a local file."""

    models: LocalModels


class FileMeta:
    """Reads and writes facts; use it inside the adapter's `connection()`."""

    def __init__(self, adapter: _OfFile) -> None:
        """Keep them in the file of `adapter`."""
        self._meta = adapter.models.Meta

    def device_id(self) -> str:
        """Return the device that the file is now; another process may have changed it."""
        return str(self._meta.get(key="device_id").value)

    def get(self, fact: MetaKey, otherwise: Any = None) -> Any:
        """Return what is kept, `otherwise` where nothing is."""
        found = self._meta.get_or_none(key=fact.value)
        return otherwise if found is None else msgspec.json.decode(found.value)

    def put(self, fact: MetaKey, value: Any) -> None:
        """Keep `value`, made of plain JSON; None is nothing."""
        if value is None:
            self._meta.delete().where(self._meta.key == fact.value).execute()
        else:
            self._meta.replace(key=fact.value, value=msgspec.json.encode(value).decode()).execute()
