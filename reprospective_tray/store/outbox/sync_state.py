"""SyncState: the upload progress of the local file, as stored in the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.store.outbox.outbox import Outbox
from reprospective_tray.store.outbox.sent_tables import ENTRIES, SESSIONS
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey

if TYPE_CHECKING:
    from reprospective_tray.store.sqlite.adapter import SqliteAdapter


@dataclass(frozen=True, slots=True)
class SyncState:
    """The upload progress of a file.

    Attributes:
        waiting: Number of sessions and entries waiting to be sent.
        refused: Number of those whose current revision the server refused.
        last_success_at: When the last successful pass ended, ms since the epoch, UTC; None if
            there was none.
        last_error: The error of the last pass; empty if it succeeded.
    """

    waiting: int = 0
    refused: int = 0
    last_success_at: int | None = None
    last_error: str = ""


def read(reader: SqliteAdapter) -> SyncState:
    """Return the upload progress of the file of `reader`.

    Raises:
        StoreError: the file cannot be read or does not exist yet.
    """
    with reader.reading():
        facts = FileMeta(reader)
        outboxes = [Outbox(reader, table) for table in (SESSIONS, ENTRIES)]
        return SyncState(
            sum(outbox.waiting() for outbox in outboxes),
            sum(outbox.refused() for outbox in outboxes),
            facts.get(MetaKey.LAST_SUCCESS_AT),
            facts.get(MetaKey.LAST_ERROR, ""),
        )
