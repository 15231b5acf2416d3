"""BatchAnswer: the server's answer to a batch, validated against the batch that was sent."""

import json
import uuid
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from reprospective_tray.clean_text import one_line
from reprospective_tray.messages import _
from reprospective_tray.store.model.bounds import (
    EARLIEST_MS,
    LATEST_MS,
    LONGEST_MS,
    LONGEST_NAME,
    LONGEST_TITLE,
)
from reprospective_tray.store.model.sessions import State, clean

# An answer may contain sent or stored rows, at most a few times the size of a batch.
MOST_CHARACTERS = 64_000_000
_REASON_CHARACTERS = 500
_LARGEST = 2**62  # SQLite's integers have 63 bits, and 1 is added to a revision

# ms since the epoch for the years 1 to 9999, the range of `datetime`.
_Moment = Annotated[int, Meta(ge=-62_135_596_800_000, le=253_402_300_799_999)]
_Name = Annotated[str, Meta(max_length=65_536)]
_Flag = Annotated[int, Meta(ge=0, le=1)]


class AnswerError(Exception):
    """The answer is invalid or does not match the batch; the text gives the reason."""


class PairVerdict(StrEnum):
    """How the last pair that the server has of this device compares with the file's."""

    FITS = "fits"
    RESTORED = "restored"  # the server is older: it was restored from a backup
    FORK = "fork"  # the file is older, or a copy: nothing was stored


class Version(msgspec.Struct, frozen=True):
    """The server's version of a row."""

    uid: str
    device_id: str
    source_host: _Name
    state: State
    application_name: _Name
    window_title: _Name
    process_id: Annotated[int, Meta(ge=-(2**31), lt=2**31)] | None
    started_at: _Moment
    ended_at: _Moment
    utc_offset_minutes: Annotated[int, Meta(ge=-1080, le=1080)]
    deleted: _Flag
    revision: Annotated[int, Meta(ge=0, lt=_LARGEST)]


class Superseded(msgspec.Struct, frozen=True):
    """The position in the batch of a row with another version on the server, and that version."""

    at: int
    row: Version


class RefusedRow(msgspec.Struct, frozen=True):
    """The position in the batch of a row that the server cannot store, and the reason."""

    at: int
    reason: str


class EntryVersion(msgspec.Struct, frozen=True):
    """The server's version of an entry."""

    uid: str
    device_id: str
    source_host: Annotated[str, Meta(max_length=LONGEST_NAME)]
    started_at: Annotated[int, Meta(ge=EARLIEST_MS, le=LATEST_MS)]
    ended_at: Annotated[int, Meta(ge=EARLIEST_MS, le=LATEST_MS)]
    utc_offset_minutes: Annotated[int, Meta(ge=-1080, le=1080)]
    category: Annotated[str, Meta(max_length=LONGEST_NAME)]
    note: Annotated[str, Meta(max_length=LONGEST_TITLE)]
    billable: _Flag
    deleted: _Flag
    revision: Annotated[int, Meta(ge=0, lt=_LARGEST)]


class SupersededEntry(msgspec.Struct, frozen=True):
    """The position in the batch of an entry with another version on the server, and that one."""

    at: int
    row: EntryVersion


class EntriesAnswer(msgspec.Struct, frozen=True):
    """The server's answer to the entries of a batch."""

    superseded: Sequence[SupersededEntry] = ()
    refused: Sequence[RefusedRow] = ()


class BatchAnswer(msgspec.Struct, frozen=True):
    """The server's answer to a batch; `clock` is its time in ms since the epoch, UTC.

    `entries` is None if none were sent, or the server cannot store any.
    """

    schema: Annotated[int, Meta(ge=0, le=1_000_000)]
    clock: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    verdict: PairVerdict
    superseded: Sequence[Superseded] = ()
    refused: Sequence[RefusedRow] = ()
    entries: EntriesAnswer | None = None
    orders: Sequence[str] = ()


_Versions = Annotated[list[tuple[str, int, int]], Meta(max_length=1_000_000)]


def read(rows: object, sent: str, entries: str | None, orders: Sequence[str]) -> BatchAnswer:
    """Return the answer in the single field of `rows`.

    Args:
        rows: The query's result.
        sent: The JSON array of the sessions that were sent.
        entries: The JSON array of the entries that were sent; None if the batch had none.
        orders: The uids of the orders that were sent.

    Raises:
        AnswerError: it is not a valid answer, or does not match the batch.
    """
    try:
        ((text,),) = msgspec.convert(rows, tuple[tuple[str]])
        if len(text) > MOST_CHARACTERS:
            raise AnswerError(_("it is too long"))
        answer = msgspec.json.decode(text, type=BatchAnswer)
        answer = _cleaned(answer)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise AnswerError(str(error)) from error
    if problem := next(_problems(answer, sent, entries, orders), ""):
        raise AnswerError(problem)
    return answer


def read_schema(rows: object) -> int:
    """Return the version of the server's schema in the single field of `rows`.

    Raises:
        AnswerError: `rows` has another format.
    """
    try:
        ((version,),) = msgspec.convert(rows, tuple[tuple[int]])
    except msgspec.ValidationError as error:
        raise AnswerError(str(error)) from error
    return version


def read_versions(rows: object, sent: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the server's revision and deleted flag (0 or 1) by uid, for the uids in `sent`.

    Raises:
        AnswerError: `rows` has another format.
    """
    try:
        found = msgspec.convert(rows, _Versions)
    except msgspec.ValidationError as error:
        raise AnswerError(str(error)) from error
    asked = set(sent)
    return {uid: (revision, deleted) for uid, revision, deleted in found if uid in asked}


def _problems(
    answer: BatchAnswer, sent: str, entries: str | None, orders: Sequence[str]
) -> Iterator[str]:
    """Yield the ways in which the answer does not match the batch."""
    yield from _misnamed(answer, sent)
    if any(one.row.started_at > one.row.ended_at for one in answer.superseded):
        yield _("a session in it ends before it starts")
    if answer.entries is not None:
        yield from _misnamed(answer.entries, entries or "[]")
        if not all(_can_be(one.row) for one in answer.entries.superseded):
            yield _("an entry in it is not valid")
    if not {*map(_canonical, answer.orders)} <= {*map(_canonical, orders)}:
        yield _("it names a deletion that was not sent")
    told = (answer.refused, answer.superseded, answer.orders, answer.entries)
    if answer.verdict is PairVerdict.FORK and any(told):
        yield _("it contradicts itself")


def _misnamed(answer: BatchAnswer | EntriesAnswer, sent: str) -> Iterator[str]:
    """Yield the ways in which the answer does not name the rows of the JSON array `sent`."""
    named = [*(one.at for one in answer.refused), *(one.at for one in answer.superseded)]
    # Usually all rows were stored and none is named, so the rows need not be decoded.
    uids = [_canonical(row["uid"]) for row in json.loads(sent)] if named else []
    if any(not 0 <= at < len(uids) for at in named):
        yield _("it names a session that was not sent")
        return
    if len(named) != len(set(named)):
        yield _("it names a session twice")
    if any(uids[one.at] != _canonical(one.row.uid) for one in answer.superseded):
        yield _("it confuses two sessions")


def _can_be(entry: EntryVersion) -> bool:
    """Return whether the local file can hold the entry."""
    length = entry.ended_at - entry.started_at
    return 0 < length <= LONGEST_MS and bool(entry.deleted or entry.category)


def _canonical(uid: str) -> str:
    try:
        return str(uuid.UUID(uid))
    except ValueError:
        return uid


def _cleaned(answer: BatchAnswer) -> BatchAnswer:
    """Return the answer with texts that can be stored; raise ValueError for an invalid UUID."""
    return msgspec.structs.replace(
        answer,
        superseded=[Superseded(one.at, _cleaned_row(one.row)) for one in answer.superseded],
        refused=_cleaned_reasons(answer.refused),
        entries=None if answer.entries is None else _cleaned_entries(answer.entries),
    )


def _cleaned_entries(answer: EntriesAnswer) -> EntriesAnswer:
    return EntriesAnswer(
        [SupersededEntry(one.at, _cleaned_entry(one.row)) for one in answer.superseded],
        _cleaned_reasons(answer.refused),
    )


def _cleaned_reasons(refused: Sequence[RefusedRow]) -> Sequence[RefusedRow]:
    return [RefusedRow(one.at, one_line(clean(one.reason[:_REASON_CHARACTERS]))) for one in refused]


def _cleaned_row(row: Version) -> Version:
    return msgspec.structs.replace(
        row,
        device_id=str(uuid.UUID(row.device_id)),
        source_host=clean(row.source_host),
        application_name=clean(row.application_name),
        window_title=clean(row.window_title),
    )


def _cleaned_entry(entry: EntryVersion) -> EntryVersion:
    texts = {"category": "", "note": ""}  # a tombstone keeps none
    if not entry.deleted:
        texts = {"category": clean(entry.category), "note": clean(entry.note)}
    return msgspec.structs.replace(
        entry,
        device_id=str(uuid.UUID(entry.device_id)),
        source_host=clean(entry.source_host),
        **texts,
    )
