"""The texts of an entry: as they are stored, and how messages name an entry."""

from dataclasses import replace
from datetime import datetime, timedelta

from reprospective_tray.errors import EntryError
from reprospective_tray.messages import _
from reprospective_tray.store.model.bounds import (
    EARLIEST_MS,
    LATEST_MS,
    LONGEST_MS,
    LONGEST_NAME,
    LONGEST_TITLE,
)
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.sessions import clean

LONGEST_CATEGORY = LONGEST_NAME
LONGEST_NOTE = LONGEST_TITLE
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  of the clock on the wall


def tidied(entry: Entry) -> Entry:
    """Return `entry` with its category and note as they are stored.

    Raises:
        EntryError: a text is empty or too long, or a time is out of bounds.
    """
    if entry.started_at >= entry.ended_at:
        raise EntryError(_("It does not end after it begins."))
    if (
        entry.started_at < EARLIEST_MS
        or entry.ended_at > LATEST_MS
        or entry.ended_at - entry.started_at > LONGEST_MS
    ):
        raise EntryError(_("It does not lie between 1970 and 2200, or lasts longer than a year."))
    return replace(entry, category=tidy_category(entry.category), note=tidy_note(entry.note))


def tidy_category(text: str) -> str:
    """Return a path as ``Customers > Harbour``, with one space around each ``>``.

    Raises:
        EntryError: it has an empty part or more than 256 characters.
    """
    parts = [" ".join(clean(part).split()) for part in text.split(">")]
    if not all(parts):
        raise EntryError(
            _("The category {category!r} has an empty part.").format(category=text),
            _("Write it such as: Customers > Harbour"),
        )
    path = " > ".join(parts)
    if len(path) > LONGEST_CATEGORY:
        raise EntryError(
            _("The category has {count} characters; at most {longest} are allowed.").format(
                count=len(path), longest=LONGEST_CATEGORY
            )
        )
    return path


def tidy_note(text: str) -> str:
    """Return a note without space around it.

    Raises:
        EntryError: it has more than 4,096 characters.
    """
    note = clean(text).strip()
    if len(note) > LONGEST_NOTE:
        raise EntryError(
            _("The note has {count} characters; at most {longest} are allowed.").format(
                count=len(note), longest=LONGEST_NOTE
            )
        )
    return note


def described(entry: Entry) -> str:
    """Return an entry as a message names it: its day, its times and its category."""
    return f"{span(entry)} {entry.category}"


def span(entry: Entry) -> str:
    """Return the day and the times of an entry, as the clock on the wall showed them."""
    start, end = (
        _EPOCH + timedelta(milliseconds=ms, minutes=entry.utc_offset_minutes)
        for ms in (entry.started_at, entry.ended_at)
    )
    until = f"{end:%H:%M}"
    if end - start > _DAY:
        until = f"{end:%Y-%m-%d %H:%M}"
    elif until == "00:00":
        until = "24:00"
    return f"{start:%Y-%m-%d %H:%M}\N{EN DASH}{until}"
