"""ActivityWatch's JSON as events of each host, checked whole; or what is bad in it.

Both servers (aw-server, aw-server-rust) write ``{"buckets": {id: bucket}}``, for all buckets and
for one: https://docs.activitywatch.net/en/latest/buckets-and-events.html
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from reprospective_tray.errors import ImportFileError
from reprospective_tray.messages import _, plural
from reprospective_tray.store.importers.checking import (
    BadPlaces,
    PlaceError,
    read_instant,
    refuse_the_endless,
    refuse_the_future,
)
from reprospective_tray.store.sessions import clean

_WINDOWS, _AFK = "currentwindow", "afkstatus"
_EVENTS_A_STEP = 10_000
_SHOWN_OF_A_NAME = 80
# Escapes of JSON, as far as they matter: a backslash, a pair of surrogates, a lone one.
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


_NO_EVENTS = msgspec.Raw(b"null")


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
    """A whole file: the events by host, and the types of all other buckets, one each."""

    hosts: dict[str, HostEvents]
    other_buckets: tuple[str, ...]


class _Bucket(msgspec.Struct):
    events: msgspec.Raw = _NO_EVENTS
    type: str | None = None
    hostname: str | None = None


class _File(msgspec.Struct):
    buckets: dict[str, msgspec.Raw]


class _Data(msgspec.Struct):
    """What either kind of event may say; other keys are ignored."""

    app: str | None = None
    title: str | None = None
    status: str | None = None


class _Event(msgspec.Struct):
    timestamp: str
    duration: float | None = None
    data: _Data | None = None


class ExportReader:
    """Reads one export; the same file always gives the same events."""

    def __init__(
        self, path: Path, now: int, source_host: str, progress: Callable[[int], None]
    ) -> None:
        """Read what is from the file at `path`, at `now` (ms).

        `source_host` fills in for a bucket that names none; `progress` is told
        how many bytes are through.
        """
        self._bad = BadPlaces(path)
        self._now = now
        self._source_host = source_host
        self._progress = progress
        self._decode = msgspec.json.Decoder(_Event).decode
        self._hosts: defaultdict[str, HostEvents] = defaultdict(HostEvents)
        self._texts: dict[str, str] = {}  # each name is held once, however often it is said

    def read(self, content: bytes) -> Export:
        """Return the events of the file whose whole `content` this is.

        Raises:
            ImportFileError: it is no export, or has bad events, which are named.
        """
        done, others = 0, []
        for name, raw in self._buckets(content).items():
            try:
                bucket = msgspec.json.decode(raw, type=_Bucket)
                if bucket.type in {_WINDOWS, _AFK}:
                    self._read_events(name, bucket, done)
                else:
                    others.append(_shown(bucket.type or name))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                reason = _("  bucket {bucket}: {reason}")
                self._bad.add(reason.format(bucket=_shown(name), reason=error))
            done += memoryview(raw).nbytes
            self._progress(done)
        self._raise_if_bad()
        return Export(dict(self._hosts), tuple(others))

    def _buckets(self, content: bytes) -> dict[str, msgspec.Raw]:
        content = content.removeprefix(b"\xef\xbb\xbf")  # a BOM, as Windows likes to write it
        try:
            try:
                return msgspec.json.decode(content, type=_File).buckets
            except msgspec.ValidationError:
                raise
            except msgspec.DecodeError:
                # Strict JSON has no place for lone surrogates, and Windows' titles have some.
                cleaned = _without_lone_surrogates(content)
                if cleaned == content:
                    raise
                return msgspec.json.decode(cleaned, type=_File).buckets
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ImportFileError(
                _("{path} is no export of ActivityWatch: {reason}.").format(
                    path=self._bad.path, reason=error
                ),
                _("Export the buckets as JSON once more, and wait until the whole file is saved."),
            ) from error

    def _read_events(self, name: str, bucket: _Bucket, done: int) -> None:
        events = msgspec.json.decode(bucket.events, type=list[msgspec.Raw] | None) or []
        host = self._hosts[clean(bucket.hostname or "") or self._source_host]
        share = memoryview(bucket.events).nbytes / max(len(events), 1)
        for number, event in enumerate(events, 1):
            try:
                self._read(event, host, windows=bucket.type == _WINDOWS)
            except (PlaceError, msgspec.DecodeError, UnicodeDecodeError) as error:
                self._bad.add(
                    _("  bucket {bucket}, event {number}: {reason}").format(
                        bucket=_shown(name), number=number, reason=error
                    )
                )
            if number % _EVENTS_A_STEP == 0:
                self._progress(done + int(number * share))

    def _read(self, raw: msgspec.Raw, host: HostEvents, *, windows: bool) -> None:
        event = self._decode(raw)
        start = read_instant("timestamp", event.timestamp)
        duration = event.duration or 0.0
        if duration < 0:
            raise PlaceError(_("its duration is negative: {value}").format(value=duration))
        refuse_the_endless(duration * 1000)
        started_at, ended_at = start // 1000, (start + round(duration * 1_000_000)) // 1000
        refuse_the_future(ended_at, self._now)
        if started_at == ended_at:
            return
        data = event.data or _Data()
        if windows:
            names = self._text(data.app), self._text(data.title)
            host.windows.append(WindowEvent(started_at, ended_at, *names))
        elif data.status == "afk":
            host.away.append(AwayEvent(started_at, ended_at))

    def _text(self, said: str | None) -> str:
        text = clean(said or "")
        return self._texts.setdefault(text, text)

    def _raise_if_bad(self) -> None:
        if self._bad.count:
            what = plural(
                "{path} has {count} bad event or bucket; nothing was taken:",
                "{path} has {count} bad events or buckets; nothing was taken:",
                self._bad.count,
            ).format(path=self._bad.path, count=self._bad.count)
            self._bad.refuse(what, _("Correct or remove these, then import the file again."))


def _without_lone_surrogates(content: bytes) -> bytes:
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], content)


def _shown(name: str) -> str:
    """Return a name of the file so that no terminal obeys it."""
    name = name[:_SHOWN_OF_A_NAME]
    return name if name.isprintable() else ascii(name)
