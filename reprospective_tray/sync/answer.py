"""BatchAnswer: the server's answer to a batch, checked against what was sent."""

import json
import uuid
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from reprospective_tray.clean_text import one_line
from reprospective_tray.messages import _
from reprospective_tray.store.model.sessions import State, clean

# A row comes back with what was sent or stored: a few times as much as a batch at most.
MOST_CHARACTERS = 64_000_000
_REASON_CHARACTERS = 500
_LARGEST = 2**62  # SQLite's integers have 63 bits, and 1 is added to a revision

# Between the years 1 and 9999, which a `datetime` of either side can hold.
_Moment = Annotated[int, Meta(ge=-62_135_596_800_000, le=253_402_300_799_999)]
_Name = Annotated[str, Meta(max_length=65_536)]
_Flag = Annotated[int, Meta(ge=0, le=1)]


class AnswerError(Exception):
    """What came back is no answer to what was sent; the text says in which way."""


class PairVerdict(StrEnum):
    """How the server's memory of this device compares with the file's."""

    FITS = "fits"
    RESTORED = "restored"  # the server is older: it was restored from a backup
    FORK = "fork"  # the file is older, or a copy: nothing was taken


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
    """The position of a row of which the server has another version, and that version."""

    at: int
    row: Version


class Refused(msgspec.Struct, frozen=True):
    """The position of a row that the server cannot keep, and why."""

    at: int
    reason: str


class BatchAnswer(msgspec.Struct, frozen=True):
    """What the server says to a batch; `clock` is its own, in ms."""

    schema: Annotated[int, Meta(ge=0, le=1_000_000)]
    clock: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    verdict: PairVerdict
    superseded: Sequence[Superseded] = ()
    refused: Sequence[Refused] = ()
    orders: Sequence[str] = ()


_Versions = Annotated[list[tuple[str, int, int]], Meta(max_length=1_000_000)]


def read(rows: object, sent: str, orders: Sequence[str]) -> BatchAnswer:
    """Return the answer in the single field of `rows`.

    Args:
        rows: What the query returned.
        sent: The JSON array of the rows that were sent.
        orders: The uids of the orders that were sent.

    Raises:
        AnswerError: it is none, or does not fit what was sent.
    """
    try:
        ((text,),) = msgspec.convert(rows, tuple[tuple[str]])
        if len(text) > MOST_CHARACTERS:
            raise AnswerError(_("it is too long"))
        answer = msgspec.json.decode(text, type=BatchAnswer)
        answer = _cleaned(answer)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise AnswerError(str(error)) from error
    if problem := next(_problems(answer, sent, orders), ""):
        raise AnswerError(problem)
    return answer


def read_versions(rows: object, sent: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return revision and deleted (0 or 1) by uid, as the server has them, of those `sent`.

    Raises:
        AnswerError: the `rows` of the answer are something else.
    """
    try:
        found = msgspec.convert(rows, _Versions)
    except msgspec.ValidationError as error:
        raise AnswerError(str(error)) from error
    asked = set(sent)
    return {uid: (revision, deleted) for uid, revision, deleted in found if uid in asked}


def _problems(answer: BatchAnswer, sent: str, orders: Sequence[str]) -> Iterator[str]:
    """Yield in which ways the answer does not fit what was sent."""
    named = [*(one.at for one in answer.refused), *(one.at for one in answer.superseded)]
    # Nearly always all rows were stored, and none is named.
    uids = [_canonical(row["uid"]) for row in json.loads(sent)] if named else []
    if any(not 0 <= at < len(uids) for at in named):
        yield _("it speaks of a session that was not sent")
        return
    if len(named) != len(set(named)):
        yield _("it speaks of a session twice")
    if any(uids[one.at] != _canonical(one.row.uid) for one in answer.superseded):
        yield _("it confuses two sessions")
    if any(one.row.started_at > one.row.ended_at for one in answer.superseded):
        yield _("a session in it ends before it starts")
    if not {*map(_canonical, answer.orders)} <= {*map(_canonical, orders)}:
        yield _("it speaks of an order that was not sent")
    if answer.verdict is PairVerdict.FORK and (named or answer.orders):
        yield _("it contradicts itself")


def _canonical(uid: str) -> str:
    try:
        return str(uuid.UUID(uid))
    except ValueError:
        return uid


def _cleaned(answer: BatchAnswer) -> BatchAnswer:
    """Return the answer with texts that can be kept; ValueError where a UUID is none."""
    return msgspec.structs.replace(
        answer,
        superseded=[Superseded(one.at, _cleaned_row(one.row)) for one in answer.superseded],
        refused=[
            Refused(one.at, one_line(clean(one.reason[:_REASON_CHARACTERS])))
            for one in answer.refused
        ],
    )


def _cleaned_row(row: Version) -> Version:
    return msgspec.structs.replace(
        row,
        device_id=str(uuid.UUID(row.device_id)),
        source_host=clean(row.source_host),
        application_name=clean(row.application_name),
        window_title=clean(row.window_title),
    )
