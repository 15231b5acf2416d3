"""ActivityWatch's JSON as events of each host; what is bad in it is left out and named."""

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
    """A window that was in front; times are ms since the epoch, UTC."""

    started_at: int
    ended_at: int
    application_name: str
    window_title: str


class AwayEvent(NamedTuple):
    """The person was away; times are ms since the epoch, UTC."""

    started_at: int
    ended_at: int


@dataclass(slots=True)
class HostEvents:
    """What one host's watchers saw, in no order; events that took no whole ms are left out."""

    windows: list[WindowEvent] = field(default_factory=list)
    away: list[AwayEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Export:
    """A whole file: the events by host, and what else was found in it.

    Attributes:
        other_buckets: The types of all other buckets, one each.
        bad: How many events, or whole buckets, were left out because they cannot be.
        bad_places: The first of them, or all, each with its place and reason, as lines to read.
        events: How many events of windows and of presence were read, bad ones not among them.
        empty: How many of these lasted for no ms.
    """

    hosts: dict[str, HostEvents]
    other_buckets: tuple[str, ...]
    bad: int
    bad_places: tuple[str, ...]
    events: int
    empty: int


@dataclass(frozen=True, slots=True)
class EventReader:
    """How a file is read.

    Attributes:
        source_host: The computer's name where the file says none.
        named: Whether a person has said that name; events without a bucket need it.
        strict: Whether a bad event refuses the whole file.
        show_all: Whether all bad events are named, instead of the first 20.
    """

    source_host: str
    named: bool = False
    strict: bool = False
    show_all: bool = False


class _Data(msgspec.Struct):
    """What either kind of event may say; other keys are ignored."""

    app: str | None = None
    title: str | None = None
    status: str | None = None
    url: Any = None

    @property
    def kind(self) -> str:
        """The type of the bucket that it would be in."""
        if self.status is not None:
            return _AFK
        return _WINDOWS if self.app is not None and self.url is None else ""


class _Event(msgspec.Struct):
    timestamp: str
    duration: float | None = None
    data: _Data | None = None


class _Timed(NamedTuple):
    """An event that can be; times are ms since the epoch, UTC."""

    started_at: int
    ended_at: int
    data: _Data | None


class ExportReader:
    """Reads one export; the same file always gives the same events."""

    def __init__(
        self, path: Path, now: int, how: EventReader, progress: Callable[[int], None]
    ) -> None:
        """Read what is from the file at `path`, at `now` (ms).

        `progress` is told how many bytes are through.
        """
        self._bad = BadPlaces(path, show_all=how.show_all)
        self._now = now
        self._how = how
        self._progress = progress
        self._decode = msgspec.json.Decoder(_Event).decode
        self._hosts: defaultdict[str, HostEvents] = defaultdict(HostEvents)
        self._texts: dict[str, str] = {}  # each name is held once, however often it is said
        self._others: list[str] = []
        self._events = self._empty = 0

    def read(self, content: bytes) -> Export:
        """Return the events of the file whose whole `content` this is.

        Raises:
            ImportFileError: it is no export, or nothing in it is good, or, where reading is
                strict, something is bad; what is bad is named.
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
                _("{path} is no export of ActivityWatch: {reason}.").format(
                    path=self._bad.path, reason=error
                ),
                _("Export the buckets as JSON once more, and wait until the whole file is saved."),
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
        """Read events of which only what they say tells what they are."""
        if not self._how.named:
            raise ImportFileError(
                _("{path} does not say which computer its events are of.").format(
                    path=self._bad.path
                ),
                _("Name it: --host NAME."),
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
        """Yield the good ones of `events` with their numbers; note the others, by their `place`."""
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
            "{path} has {count} bad event or bucket; nothing was taken:",
            "{path} has {count} bad events or buckets; nothing was taken:",
            self._bad.count,
        ).format(path=self._bad.path, count=self._bad.count)
        self._bad.refuse(what, _("Correct or remove these, then import the file again."))
