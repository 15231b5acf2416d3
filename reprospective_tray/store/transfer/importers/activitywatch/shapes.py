"""Finds the buckets or events in the different layouts of ActivityWatch exports.

Current servers write ``{"buckets": {id: bucket}}``, for all buckets and for one:
https://docs.activitywatch.net/en/latest/buckets-and-events.html. Older servers, and scripts that
use the API, omit ``buckets``, or write a list of buckets, one bucket, or only one bucket's events.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from reprospective_tray.messages import _

_NO_EVENTS = msgspec.Raw(b"null")
_WINDOWS, _AFK = "currentwindow", "afkstatus"
# The prefixes of the watchers' bucket names.
_BY_ID = {"aw-watcher-window": _WINDOWS, "aw-watcher-afk": _AFK}
_LIST = re.compile(rb"[ \t\r\n]*\[")
# The relevant JSON escapes: a backslash, a surrogate pair, a lone surrogate.
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class Bucket(msgspec.Struct):
    """A bucket whose events are not decoded yet."""

    events: msgspec.Raw = _NO_EVENTS
    type: str | None = None
    hostname: str | None = None
    id: str | None = None

    def holds(self, name: str) -> str:
        """Return the bucket's type; without one, the type by its name; otherwise empty."""
        known = next((kind for start, kind in _BY_ID.items() if name.startswith(start)), "")
        return known if self.type is None else self.type


@dataclass(frozen=True, slots=True)
class Shape:
    """The content of a file: undecoded buckets by name, or events of an unnamed bucket.

    In a list, buckets and events are numbered from 1.
    """

    buckets: list[tuple[str, msgspec.Raw]]
    events: list[msgspec.Raw]


def find_shape(content: bytes) -> Shape:
    """Return the shape of `content`, the whole file.

    Raises:
        ValueError: it is not JSON (`msgspec.DecodeError` is a subclass), or has no known shape.
        RecursionError: it is nested too deeply.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")  # a BOM, often written on Windows
    try:
        return _shape_of(content)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Strict JSON forbids lone surrogates, but window titles on Windows may contain them.
        cleaned = _without_lone_surrogates(content)
        if cleaned == content:
            raise
        return _shape_of(cleaned)


def _shape_of(content: bytes) -> Shape:
    if _is_list(content):
        items = msgspec.json.decode(content, type=list[msgspec.Raw])
        if _keys_of_first(items, "timestamp"):
            return Shape([], items)
        return Shape(_listed(items), [])
    keys = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    if "buckets" in keys:
        raw = memoryview(keys["buckets"])
        if _is_list(raw):
            return Shape(_listed(msgspec.json.decode(raw, type=list[msgspec.Raw])), [])
        return Shape(list(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).items()), [])
    if "events" in keys:
        return Shape(_listed([msgspec.Raw(content)]), [])
    if not any(_looks_like_a_bucket(raw) for raw in keys.values()):
        raise ValueError(_("it has no buckets"))
    return Shape(list(keys.items()), [])


def _listed(items: list[msgspec.Raw]) -> list[tuple[str, msgspec.Raw]]:
    if not any(_looks_like_a_bucket(raw) for raw in items):
        raise ValueError(_("it has no buckets"))
    return list(_named(items))


def _named(items: list[msgspec.Raw]) -> Iterator[tuple[str, msgspec.Raw]]:
    for number, raw in enumerate(items, 1):
        try:
            yield msgspec.json.decode(raw, type=Bucket).id or str(number), raw
        except (ValueError, RecursionError):
            yield str(number), raw  # the error is reported when the bucket is read


def _keys_of_first(items: list[msgspec.Raw], key: str) -> bool:
    """Return whether the first object in `items` has this key."""
    for raw in items:
        if (keys := _keys(raw)) is not None:
            return key in keys
    return False


def _looks_like_a_bucket(raw: msgspec.Raw) -> bool:
    return not {"events", "type"}.isdisjoint(_keys(raw) or ())


def _keys(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    """Return the keys and values of an object; None if it is not an object."""
    try:
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return None


def _is_list(content: bytes | memoryview) -> bool:
    return _LIST.match(content) is not None


def _without_lone_surrogates(content: bytes) -> bytes:
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], content)
