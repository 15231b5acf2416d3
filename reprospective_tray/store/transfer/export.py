"""Exports raw sessions as JSONL or CSV, streamed in constant memory; JSONL has entries, too."""

import csv
import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TextIO, TypeVar

import msgspec

from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.store.query.stored_entries import StoredEntry

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  UTC; the Z is appended by `iso_utc`
# Spreadsheets run a cell with such a beginning as a formula; Japanese ones also the wide forms.
_WIDE_STARTS = "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}"
_FORMULA_STARTS = (*"=+-@\t\r\n", *_WIDE_STARTS, "\N{FULLWIDTH HYPHEN-MINUS}")
_LINES_A_WRITE = 1000
_Each = TypeVar("_Each")

COLUMNS = (
    "uid",
    "device_id",
    "source_host",
    "original_id",
    "state",
    "application_name",
    "window_title",
    "started_at",
    "ended_at",
    "duration_seconds",
    "utc_offset_minutes",
    "open",
    "synced",
    "revision",
)
ENTRY_KEYS = (
    "kind",
    "uid",
    "device_id",
    "source_host",
    "category",
    "note",
    "billable",
    "started_at",
    "ended_at",
    "duration_seconds",
    "utc_offset_minutes",
    "synced",
    "revision",
)


def iso_utc(ms: int) -> str:
    """Return `ms` since the epoch as ISO 8601 in UTC, with milliseconds and ``Z``."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"


def as_object(session: StoredSession) -> dict[str, object]:
    """Return the session as exported, with its keys in the order of `COLUMNS`."""
    return {
        "uid": session.uid,
        "device_id": session.device_id,
        "source_host": session.source_host,
        "original_id": session.original_id,
        "state": session.state.value,
        "application_name": session.application_name,
        "window_title": session.window_title,
        "started_at": iso_utc(session.started_at),
        "ended_at": iso_utc(session.ended_at),
        "duration_seconds": (session.ended_at - session.started_at) / 1000,
        "utc_offset_minutes": session.utc_offset_minutes,
        "open": session.open,
        "synced": session.synced,
        "revision": session.revision,
    }


def entry_as_object(stored: StoredEntry) -> dict[str, object]:
    """Return the entry as exported, with its keys in the order of `ENTRY_KEYS`."""
    entry = stored.entry
    return {
        "kind": "entry",
        "uid": entry.uid,
        "device_id": stored.device_id,
        "source_host": stored.source_host,
        "category": entry.category,
        "note": entry.note,
        "billable": entry.billable,
        "started_at": iso_utc(entry.started_at),
        "ended_at": iso_utc(entry.ended_at),
        "duration_seconds": (entry.ended_at - entry.started_at) / 1000,
        "utc_offset_minutes": entry.utc_offset_minutes,
        "synced": stored.synced,
        "revision": stored.revision,
    }


def write_jsonl(
    sessions: Iterable[StoredSession], stream: TextIO, entries: Sequence[StoredEntry] = ()
) -> int:
    """Write one JSON object per line in order of start; return the number of sessions."""
    encoder = msgspec.json.Encoder()
    count = -len(entries)
    sources: tuple[Iterable[StoredSession | StoredEntry], ...] = (sessions, entries)
    for chunk in _chunks(heapq.merge(*sources, key=_start)):
        lines = encoder.encode_lines(
            [
                as_object(each) if isinstance(each, StoredSession) else entry_as_object(each)
                for each in chunk
            ]
        )
        stream.write(lines.decode())
        count += len(chunk)
    return count


def _start(each: StoredSession | StoredEntry) -> int:
    return each.started_at if isinstance(each, StoredSession) else each.entry.started_at


def write_csv(sessions: Iterable[StoredSession], stream: TextIO) -> int:
    """Write a header and one row per session; return the number of sessions.

    `stream` must be opened with ``newline=""``. Cells that a spreadsheet would run as a formula are
    prefixed with an apostrophe.
    """
    # RFC 4180's line ends: with others the csv module leaves a bare carriage return unquoted.
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for chunk in _chunks(sessions):
        writer.writerows([guarded(v) for v in as_object(session).values()] for session in chunk)
        count += len(chunk)
    return count


def _chunks(rows: Iterable[_Each]) -> Iterator[list[_Each]]:
    source = iter(rows)
    while chunk := list(islice(source, _LINES_A_WRITE)):
        yield chunk


def guarded(value: object) -> object:
    """Return `value` as a cell; a text that would run as a formula is prefixed with an apostrophe.

    Apostrophes before such a beginning get one more, so that different texts stay different.
    """
    if isinstance(value, str):
        return f"'{value}" if value.lstrip("'").startswith(_FORMULA_STARTS) else value
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value
