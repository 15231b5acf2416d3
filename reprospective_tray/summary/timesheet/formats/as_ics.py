"""The time sheet for a calendar (RFC 5545): entries at their time, the rest as notes of the day.

An entry is an event from its begin to its end. What rules gave to a category, and what is
uncategorised, has no single time: it is an event of the whole day that names its length. The same
entry, category and day always have the same UID, so that a repeated import replaces them.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from reprospective_tray import __version__, clean_text
from reprospective_tray.messages import _
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.summary.figures.categories import OTHER, SEPARATOR, path_of
from reprospective_tray.summary.format_text import application_label
from reprospective_tray.summary.timesheet.parts import Part
from reprospective_tray.summary.timesheet.sheet import TimeSheet
from reprospective_tray.summary.timesheet.shown import category_label

_LINE_OCTETS = 75
_DOMAIN = "reprospective-tray"
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})
_UTC, _DATE = "%Y%m%dT%H%M%SZ", "%Y%m%d"


def render(sheet: TimeSheet, *, now: datetime) -> str:
    """Return the calendar; `now`, with a zone, is when it was made."""
    stamp = now.astimezone(UTC).strftime(_UTC)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//reprospective-tray//{__version__}//EN",
        "CALSCALE:GREGORIAN",
    ]
    seen: Counter[str] = Counter()
    for entry in sheet.entries:
        seen[entry.uid] += 1
        lines += _event(stamp, _of_entry(entry, seen[entry.uid]))
    for part in sheet.parts:
        if part.entry is None:
            lines += _event(stamp, _of_rules(part))
    for day, ms in sheet.uncategorised.items():
        name = _uid(day, OTHER.name)
        label = _("{category}: {time}").format(category=_("Uncategorised"), time=_length(ms))
        lines += _event(stamp, _of_day(day, name, label, (OTHER.name,), ""))
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _event(stamp: str, lines: Iterator[str]) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"DTSTAMP:{stamp}"
    yield from lines
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _of_entry(entry: Entry, number: int) -> Iterator[str]:
    # One that another has cut in its middle comes twice.
    yield f"UID:{entry.uid}{f'-{number}' if number > 1 else ''}@{_DOMAIN}"
    start, end = entry.started_at // 1000, entry.ended_at // 1000
    for name, seconds in (("DTSTART", start), ("DTEND", max(end, start + 1))):
        yield f"{name}:{datetime.fromtimestamp(seconds, UTC).strftime(_UTC)}"
    path = path_of(entry.category)
    yield f"SUMMARY:{_text(category_label(path))}"
    if entry.note:
        yield f"DESCRIPTION:{_text(entry.note)}"
    yield f"CATEGORIES:{_text(SEPARATOR.join(path))}"


def _of_rules(part: Part) -> Iterator[str]:
    label = _("{category}: {time}").format(
        category=category_label(part.path), time=_length(part.ms)
    )
    applications = ", ".join(map(application_label, part.applications))
    uid = _uid(part.day, SEPARATOR.join(part.path))
    return _of_day(part.day, uid, label, part.path, applications)


def _of_day(
    day: str, uid: str, label: str, path: tuple[str, ...], description: str
) -> Iterator[str]:
    first = date.fromisoformat(day)
    yield f"UID:{uid}"
    yield f"DTSTART;VALUE=DATE:{first.strftime(_DATE)}"
    yield f"DTEND;VALUE=DATE:{(first + timedelta(days=1)).strftime(_DATE)}"
    yield f"SUMMARY:{_text(label)}"
    if description:
        yield f"DESCRIPTION:{_text(description)}"
    yield f"CATEGORIES:{_text(SEPARATOR.join(path))}"


def _length(ms: int) -> str:
    """Return ``4:57:38``: to the second, as what is cut to minutes would not add up."""
    minutes, seconds = divmod(ms // 1000, 60)
    return "{}:{:02}:{:02}".format(*divmod(minutes, 60), seconds)


def _uid(day: str, category: str) -> str:
    return f"{day}-{hashlib.sha256(category.encode()).hexdigest()[:16]}@{_DOMAIN}"


def _text(text: str) -> str:
    """Return a text value: escaped, on one line, without controls."""
    return clean_text.lines(text).translate(_ESCAPED)


def _folded(line: str) -> Iterator[str]:
    """Yield `line` in lines of at most 75 octets, cut between characters."""
    part, octets = "", 0
    for char in line:
        length = len(char.encode())
        if octets + length > _LINE_OCTETS:
            yield part
            part, octets = " ", 1
        part += char
        octets += length
    yield part
