"""Reads ActivityWatch's JSON into events by host; bad events are skipped and reported."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _, plural
from reprospective_tray.store.model.sessions import clean
from reprospective_tray.store.transfer.importers.activitywatch.shapes import (
    Bucket,
    Shape,
    find_shape,
)
from reprospective_tray.store.transfer.importers.checking import (
    BadPlaces,
    PlaceError,
    read_instant,
    refuse_the_endless,
    refuse_the_future,
    shown,
)

_WINDOWS, _AFK = "currentwindow", "afkstatus"
_AWAY = frozenset({"afk", "hibernating"})
_EVENTS_A_STEP = 10_000


class WindowEvent(NamedTuple):
    """A window that was in the foreground; times are ms since the epoch, UTC."""

    started_at: int
    ended_at: int
    application_name: str
    window_title: str


class AwayEvent(NamedTuple):
    """A time without input; times are ms since the epoch, UTC."""

    started_at: int
    ended_at: int


@dataclass(slots=True)
class HostEvents:
    """The events of one host's watchers, unsorted, without events shorter than 1 ms."""

    windows: list[WindowEvent] = field(default_factory=list)
    away: list[AwayEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Export:
    """The content of a whole file.

    Attributes:
        hosts: The events by host.
        other_buckets: The type of each other bucket.
        bad: How many invalid events or whole buckets were skipped.
        bad_places: The place and reason of the first of them, or of all, as lines for the user.
        events: How many valid window and presence events were read.
        empty: How many of these have zero length.
    """

    hosts: dict[str, HostEvents]
    other_buckets: tuple[str, ...]
    bad: int
    bad_places: tuple[str, ...]
    events: int
    empty: int


@dataclass(frozen=True, slots=True)
class EventReader:
    """Options for reading a file.

    Attributes:
        source_host: The computer's name to use if the file names none.
        named: Whether the user has given that name; required for events without a bucket.
        strict: Whether a bad event makes the whole file be refused.
        show_all: Whether all bad events are reported, instead of the first 20.
    """

    source_host: str
    named: bool = False
    strict: bool = False
    show_all: bool = False


class _Data(msgspec.Struct):
    """The data of either kind of event; other keys are ignored."""

    app: str | None = None
    title: str | None = None
    status: str | None = None
    url: Any = None

    @property
    def kind(self) -> str:
        """The type of bucket in which such an event belongs."""
        if self.status is not None:
            return _AFK
        return _WINDOWS if self.app is not None and self.url is None else ""


class _Event(msgspec.Struct):
    timestamp: str
    duration: float | None = None
    data: _Data | None = None


class _Timed(NamedTuple):
    """A valid event; times are ms since the epoch, UTC."""

    started_at: int
    ended_at: int
    data: _Data | None


class ExportReader:
    """Reads one export; the result depends only on the file."""

    def __init__(
        self, path: Path, now: int, how: EventReader, progress: Callable[[int], None]
    ) -> None:
        """Take the file's `path` for messages and the present time `now` (ms).

        `progress` is called with the number of bytes processed.
        """
        self._bad = BadPlaces(path, show_all=how.show_all)
        self._now = now
        self._how = how
        self._progress = progress
        self._decode = msgspec.json.Decoder(_Event).decode
        self._hosts: defaultdict[str, HostEvents] = defaultdict(HostEvents)
        self._texts: dict[str, str] = {}  # interned strings: each text is stored once
        self._others: list[str] = []
        self._events = self._empty = 0

    def read(self, content: bytes) -> Export:
        """Return the events in `content`, the whole file.

        Raises:
            ImportFileError: it is not an export, it has no valid event, or reading is strict and
                an event is bad; the message lists the bad events.
        """
        shape = self._shape(content)
        if shape.events:
            self._read_bare(shape.events)
        done = 0
        for name, raw in shape.buckets:
            self._read_bucket(name, raw, done)
            done += memoryview(raw).nbytes
            self._progress(done)
        if self._bad.count and (self._how.strict or not (self._events or self._others)):
            self._refuse()
        return Export(
            dict(self._hosts),
            tuple(self._others),
            self._bad.count,
            self._bad.lines,
            self._events,
            self._empty,
        )

    def _shape(self, content: bytes) -> Shape:
        try:
            return find_shape(content)
        except (ValueError, RecursionError) as error:
            raise ImportFileError(
                _("{path} is not an ActivityWatch export: {reason}.").format(
                    path=self._bad.path, reason=error
                ),
                _("Export the buckets as JSON again, and wait until the whole file is saved."),
            ) from error

    def _read_bucket(self, name: str, raw: msgspec.Raw, done: int) -> None:
        try:
            bucket = msgspec.json.decode(raw, type=Bucket)
            kind = bucket.holds(name)
            if kind not in {_WINDOWS, _AFK}:
                self._others.append(shown(kind or name))
                return
            events = msgspec.json.decode(bucket.events, type=list[msgspec.Raw] | None) or []
        except (ValueError, RecursionError) as error:
            reason = _("  bucket {bucket}: {reason}")
            self._bad.add(reason.format(bucket=shown(name), reason=error))
            return
        host = self._hosts[clean(bucket.hostname or "") or self._how.source_host]
        share = memoryview(bucket.events).nbytes / max(len(events), 1)
        place = _("  bucket {bucket}, event {number}: {reason}")
        for number, event in self._good(events, place, shown(name)):
            self._take(event, host, kind)
            if number % _EVENTS_A_STEP == 0:
                self._progress(done + int(number * share))

    def _read_bare(self, events: list[msgspec.Raw]) -> None:
        """Read events without a bucket; their kind is determined from their data."""
        if not self._how.named:
            raise ImportFileError(
                _("{path} does not say which computer its events are from.").format(
                    path=self._bad.path
                ),
                _("Give it with --host NAME."),
            )
        host, others = self._hosts[self._how.source_host], 0
        for _number, event in self._good(events, _("  event {number}: {reason}")):
            kind = (event.data or _Data()).kind
            if kind:
                self._take(event, host, kind)
            else:
                others += 1
        if others:
            text = plural("{count} other event", "{count} other events", others)
            self._others.append(text.format(count=others))

    def _good(
        self, events: list[msgspec.Raw], place: str, bucket: str = ""
    ) -> Iterator[tuple[int, _Timed]]:
        """Yield the valid `events` with their numbers; record the others, formatted by `place`."""
        for number, raw in enumerate(events, 1):
            try:
                event = self._timed(self._decode(raw))
            except (PlaceError, ValueError, RecursionError) as error:
                self._bad.add(place.format(bucket=bucket, number=number, reason=error))
            else:
                yield number, event

    def _timed(self, event: _Event) -> _Timed:
        start = read_instant("timestamp", event.timestamp)
        duration = event.duration or 0.0
        if duration < 0:
            raise PlaceError(_("its duration is negative: {value}").format(value=duration))
        refuse_the_endless(duration * 1000)
        started_at, ended_at = start // 1000, (start + round(duration * 1_000_000)) // 1000
        refuse_the_future(ended_at, self._now)
        return _Timed(started_at, ended_at, event.data)

    def _take(self, event: _Timed, host: HostEvents, kind: str) -> None:
        self._events += 1
        if event.started_at == event.ended_at:
            self._empty += 1
            return
        times, data = (event.started_at, event.ended_at), event.data or _Data()
        if kind == _WINDOWS:
            names = self._text(data.app), self._text(data.title)
            host.windows.append(WindowEvent(*times, *names))
        elif data.status in _AWAY:
            host.away.append(AwayEvent(*times))

    def _text(self, said: str | None) -> str:
        text = clean(said or "")
        return self._texts.setdefault(text, text)

    def _refuse(self) -> None:
        what = plural(
            "{path} has {count} bad event or bucket. Nothing was imported:",
            "{path} has {count} bad events or buckets. Nothing was imported:",
            self._bad.count,
        ).format(path=self._bad.path, count=self._bad.count)
        self._bad.refuse(what, _("Correct or remove these, then import the file again."))
