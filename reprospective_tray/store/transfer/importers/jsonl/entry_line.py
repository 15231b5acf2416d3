"""Converts a line of JSONL that is an entry into rows, or reports why it is bad."""

import msgspec

from reprospective_tray.errors import EntryError
from reprospective_tray.messages import _
from reprospective_tray.store.entries.wording import tidy_category, tidy_note
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.transfer.importers.checking import PlaceError

KIND = "entry"


class EntryLine(msgspec.Struct):
    """The keys of a line that is an entry; others are ignored."""

    category: str
    started_at: str
    ended_at: str
    note: str = ""
    billable: bool = True
    uid: str | None = None
    device_id: str | None = None
    source_host: str | None = None
    utc_offset_minutes: int | None = None
    revision: int | None = None


def is_entry(row: Row) -> bool:
    """Return whether a row that was read is an entry, and no session."""
    return "category" in row


def texts_of(said: EntryLine) -> tuple[str, str]:
    """Return category and note as they are stored.

    Raises:
        PlaceError: one is empty or too long.
    """
    try:
        return tidy_category(said.category), tidy_note(said.note)
    except EntryError as error:
        raise PlaceError(str(error)) from None


def refuse_unknown(kind: str) -> None:
    """Refuse a line that is of another kind.

    Raises:
        PlaceError: always.
    """
    raise PlaceError(
        _("its kind is neither session nor entry: {value}").format(value=ascii(kind[:40]))
    )
