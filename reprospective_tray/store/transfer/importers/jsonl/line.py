"""Converts a line of JSONL into table rows, deriving missing values, or reports why it is bad."""

import json
import uuid
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from reprospective_tray.messages import _
from reprospective_tray.store.model.bounds import LONGEST_NAME, shortened
from reprospective_tray.store.model.ids import derived_device_id, derived_uid
from reprospective_tray.store.model.sessions import Row, State, clean
from reprospective_tray.store.transfer.importers.checking import (
    PlaceError,
    read_instant,
    refuse_the_endless,
)
from reprospective_tray.store.transfer.importers.clock import OffsetMinutes, between_changes
from reprospective_tray.store.transfer.importers.jsonl import entry_line
from reprospective_tray.store.transfer.importers.jsonl.entry_line import EntryLine

# Longer than any valid line; limits the reader's memory.
LONGEST_LINE = 1 << 20

_LARGEST_OFFSET_MINUTES = 1080  # the schema's bound
_LARGEST_REVISION = 2**31 - 1  # PostgreSQL's integer
_Said = TypeVar("_Said")


class Line(msgspec.Struct):
    """The keys of a line; others are ignored."""

    state: State
    application_name: str
    window_title: str
    started_at: str
    ended_at: str
    uid: str | None = None
    device_id: str | None = None
    source_host: str | None = None
    utc_offset_minutes: int | None = None
    revision: int | None = None


class _Kind(msgspec.Struct):
    """What a line is; without a kind it is a session."""

    kind: str = "session"


class LineReader:
    """Reads lines; the same line always gives the same rows."""

    def __init__(self, source_host: str, offset_minutes: OffsetMinutes) -> None:
        """Take the values for lines without a host or an offset."""
        self.person = ""  # the owner of the sessions, used to derive missing uids
        self._source_host = source_host
        self._offset_minutes = offset_minutes
        self._kinds = msgspec.json.Decoder(_Kind)
        self._sessions = msgspec.json.Decoder(Line)
        self._entries = msgspec.json.Decoder(EntryLine)
        self._devices: dict[str, str] = {}

    def read(self, line: bytes) -> list[Row]:
        """Return the rows of a line: see `rows`.

        Raises:
            PlaceError: the line is not a valid session.
        """
        if len(line) > LONGEST_LINE:
            raise PlaceError(_("it is longer than {count} bytes").format(count=LONGEST_LINE))
        # Looked at first, as most lines are sessions, which name no kind.
        kind = _decode(line, self._kinds).kind if b'"kind"' in line else "session"
        if kind == entry_line.KIND:
            return self.entry_rows(_decode(line, self._entries))
        if kind != "session":
            entry_line.refuse_unknown(kind)
        return self.rows(_decode(line, self._sessions))

    def rows(self, said: Line) -> list[Row]:
        """Return the row, closed and unsynced; without an offset, one row for each UTC offset.

        Raises:
            PlaceError: the line is not a valid session.
        """
        start, end = _times(said)
        if end < start:
            raise PlaceError(_("ended_at is before started_at"))
        host = clean(said.source_host or "") or self._source_host
        names = clean(said.application_name), clean(said.window_title)
        if said.uid:
            uid = _uuid("uid", said.uid)
        else:
            parts = (host, start, end, said.state.value, *names)
            uid = derived_uid(start, *([self.person] if self.person else []), *parts)
        if said.state is not State.ACTIVE:
            names = "", ""
        row: Row = {
            "uid": uid,
            "device_id": self._device(said.device_id, host),
            "source_host": host,
            "state": said.state.value,
            "application_name": names[0],
            "window_title": names[1],
            "process_id": None,
            "started_at": start,
            "ended_at": end,
            "utc_offset_minutes": self._offset(said.utc_offset_minutes),
            "open": 0,
            "deleted": 0,
            "revision": _bounded("revision", said.revision, 1, 1, _LARGEST_REVISION),
            "synced": 0,
            "synced_at": None,
        }
        return list(self._split(row)) if said.utc_offset_minutes is None else [row]

    def entry_rows(self, said: EntryLine) -> list[Row]:
        """Return the row of an entry, unsynced; without an offset, one for each UTC offset.

        Raises:
            PlaceError: the line is not a valid entry.
        """
        start, end = _times(said)
        if end <= start:
            raise PlaceError(_("ended_at is not after started_at"))
        host = clean(said.source_host or "") or self._source_host
        category, note = entry_line.texts_of(said)
        if said.uid:
            uid = _uuid("uid", said.uid)
        else:
            parts = (host, start, end, entry_line.KIND, category, note)
            uid = derived_uid(start, *([self.person] if self.person else []), *parts)
        row: Row = {
            "uid": uid,
            "device_id": self._device(said.device_id, host),
            "source_host": shortened(host, LONGEST_NAME),
            "started_at": start,
            "ended_at": end,
            "utc_offset_minutes": self._offset(said.utc_offset_minutes),
            "category": category,
            "note": note,
            "billable": int(said.billable),
            "deleted": 0,
            "revision": _bounded("revision", said.revision, 1, 1, _LARGEST_REVISION),
            "synced": 0,
            "synced_at": None,
        }
        return list(self._split(row)) if said.utc_offset_minutes is None else [row]

    def _split(self, row: Row) -> Iterator[Row]:
        """Yield the parts of a row between changes of the UTC offset; the first keeps its uid."""
        first = row["started_at"]
        for start, end, offset in between_changes(first, row["ended_at"], self._offset_minutes):
            yield row | {
                "uid": row["uid"] if start == first else derived_uid(start, row["uid"]),
                "started_at": start,
                "ended_at": end,
                "utc_offset_minutes": offset,
            }

    def _device(self, said: str | None, host: str) -> str:
        key = said or f"\0{host}"
        if key not in self._devices:
            if len(self._devices) >= 10_000:  # noqa: PLR2004  limits the cache for any file
                self._devices.clear()
            self._devices[key] = _uuid("device_id", said) if said else derived_device_id(host)
        return self._devices[key]

    def _offset(self, said: int | None) -> int:
        largest = _LARGEST_OFFSET_MINUTES
        return _bounded("utc_offset_minutes", said, 0, -largest, largest)


def _times(said: Line | EntryLine) -> tuple[int, int]:
    start = read_instant("started_at", said.started_at) // 1000
    end = read_instant("ended_at", said.ended_at) // 1000
    refuse_the_endless(end - start)
    return start, end


def _decode(line: bytes, decoder: "msgspec.json.Decoder[_Said]") -> _Said:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _decode_leniently(line, error, decoder.type)


def _decode_leniently(line: bytes, error: Exception, kind: type[_Said]) -> _Said:
    """Decode a line with escaped lone surrogates, which strict JSON forbids, and replace them."""
    try:
        line.decode()
    except UnicodeDecodeError:
        raise PlaceError(_("it is not UTF-8")) from None
    if isinstance(error, msgspec.ValidationError) or b"\\ud" not in line.lower():
        raise PlaceError(str(error)) from None
    try:
        return msgspec.convert(_cleaned(json.loads(line)), kind)
    except (ValueError, RecursionError, msgspec.ValidationError) as reason:
        raise PlaceError(str(reason)) from None


def _cleaned(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: clean(each) if isinstance(each, str) else each for key, each in value.items()}


def _uuid(key: str, text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise PlaceError(
            _("{key} is not a UUID: {value}").format(key=key, value=ascii(text[:40]))
        ) from None


def _bounded(key: str, said: int | None, default: int, low: int, high: int) -> int:
    value = default if said is None else said
    if not low <= value <= high:
        raise PlaceError(
            _("{key} is not between {low} and {high}: {value}").format(
                key=key, low=low, high=high, value=value
            )
        )
    return value
