"""SyncState: how far the local file is sent, as the file itself says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.store.outbox.outbox import Outbox
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey

if TYPE_CHECKING:
    from reprospective_tray.store.sqlite.adapter import SqliteAdapter


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a file is sent.

    Attributes:
        waiting: Rows that are still to be sent.
        refused: Rows that the server refused as they are.
        last_success_at: When the last pass ended well, ms since the epoch; None: none has.
        last_error: What the last pass failed of; empty when it did not.
    """

    waiting: int = 0
    refused: int = 0
    last_success_at: int | None = None
    last_error: str = ""


def read(reader: SqliteAdapter) -> SyncState:
    """Return how far the file of `reader` is sent.

    Raises:
        StoreError: it cannot be read, or there is nothing as yet.
    """
    with reader.reading():
        outbox, facts = Outbox(reader), FileMeta(reader)
        return SyncState(
            outbox.waiting(),
            outbox.refused(),
            facts.get(MetaKey.LAST_SUCCESS_AT),
            facts.get(MetaKey.LAST_ERROR, ""),
        )
