"""Formats durations, times and numbers, and fits text into columns. Pure."""

import unicodedata
from datetime import UTC, date, datetime

from reprospective_tray import clean_text
from reprospective_tray.messages import _
from reprospective_tray.store.model.sessions import MINUTE_MS
from reprospective_tray.summary.rounding import SECOND_MS, Figure, alone

ELLIPSIS = "…"
_HOUR_MINUTES = 60


def duration(ms: int) -> str:
    """Return a length that is no part of a list: ``8 h 08 m``, ``14 m``, ``2 m 05 s``, ``35 s``."""
    return figure_text(alone(ms))


def figure_text(figure: Figure) -> str:
    """Return a figure as a person says it; ``<1 m`` where it is less than is shown."""
    if figure.is_trace:
        return _("<1 s") if figure.unit_ms == SECOND_MS else _("<1 m")
    minutes, seconds = divmod(figure.ms // SECOND_MS, 60)
    if not minutes:
        return _("{seconds} s").format(seconds=seconds)
    if figure.unit_ms == SECOND_MS:
        return _("{minutes} m {seconds:02} s").format(minutes=minutes, seconds=seconds)
    if minutes < _HOUR_MINUTES:
        return _("{minutes} m").format(minutes=minutes)
    hours, rest = divmod(minutes, _HOUR_MINUTES)
    return _("{hours} h {minutes:02} m").format(hours=hours, minutes=rest)


def wall_time(ms: int, utc_offset_minutes: int) -> datetime:
    """Return what the clock on the wall showed at `ms`, as a time without a zone."""
    # From the epoch by seconds and rest: a float would lose the last digit.
    seconds, rest = divmod(ms + utc_offset_minutes * MINUTE_MS, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000, tzinfo=None)


def weekday_name(day: date) -> str:
    """Return the name of the weekday of `day`."""
    return (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )[day.weekday()]


def short_weekday_name(day: date) -> str:
    """Return the short name of the weekday of `day`."""
    return (
        _("Mon"),
        _("Tue"),
        _("Wed"),
        _("Thu"),
        _("Fri"),
        _("Sat"),
        _("Sun"),
    )[day.weekday()]


def long_date(day: date) -> str:
    """Return a day as a heading names it."""
    return _("{weekday}, {day} {month} {year}").format(
        weekday=weekday_name(day),
        day=day.day,
        month=month_name(day.month),
        year=day.year,
    )


def weekday_and_date(day: date, today: date) -> str:
    """Return a day as a sentence names it, with its year if that is not the present one."""
    if day.year != today.year:
        return long_date(day)
    return _("{weekday}, {day} {month}").format(
        weekday=weekday_name(day), day=day.day, month=month_name(day.month)
    )


def month_name(month: int) -> str:
    """Return the name of the month from 1 to 12."""
    return (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )[month - 1]


def short_month_name(month: int) -> str:
    """Return the short name of the month from 1 to 12."""
    return (
        _("Jan"),
        _("Feb"),
        _("Mar"),
        _("Apr"),
        _("May"),
        _("Jun"),
        _("Jul"),
        _("Aug"),
        _("Sep"),
        _("Oct"),
        _("Nov"),
        _("Dec"),
    )[month - 1]


def application_label(name: str) -> str:
    """Return what to call an application, also when nobody knows its name."""
    return printable(name) or _("Unknown application")


def title_label(title: str) -> str:
    """Return what to call a window, also when it has no title."""
    return printable(title) or _("(no title)")


def printable(text: str) -> str:
    """Return `text` on one line, without what could steer a terminal."""
    if text.isprintable():  # nearly every title
        return " ".join(text.split())
    # A space for each: a title has to fit into its column.
    return " ".join(clean_text.spaced(text).split())


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes: two for a wide character."""
    return sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if char < "\x7f":
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, width: int) -> str:
    """Return `text` in exactly `width` columns: cut with an ellipsis, or padded."""
    needed = columns(text)
    if needed <= width:
        return text + " " * (width - needed)
    kept, used = [], 0
    for char in text:
        used += _columns_of(char)
        if used > width - 1:
            break
        kept.append(char)
    cut = "".join(kept).rstrip() + ELLIPSIS
    return cut + " " * (width - columns(cut))


def fit_path(text: str, width: int, separator: str) -> str:
    """Return a path in exactly `width` columns; what is cut is its head: ``… > Meeting``.

    Spaces before it, which tell its depth, stay.
    """
    path = text.lstrip()
    indent = text[: len(text) - len(path)]
    room = width - len(indent)
    parts = path.split(separator)
    tails = (separator.join((ELLIPSIS, *parts[n:])) for n in range(1, len(parts)))
    fitting = (tail for tail in (path, *tails) if columns(tail) <= room)
    return fit(indent + (next(fitting, "") or _end(parts[-1], room)), width)


def _end(text: str, width: int) -> str:
    """Return the end of `text` in at most `width` columns, with an ellipsis before it."""
    ends = (text[n:].lstrip() for n in range(len(text) + 1))
    return ELLIPSIS + next(end for end in ends if columns(end) < width)


def right(text: str, width: int) -> str:
    """Return `text` at the right end of `width` columns."""
    return " " * (width - columns(text)) + text


def wrap(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` columns, broken at spaces or at wide characters."""
    lines, line = [], ""
    for part in _parts(text):
        if columns(line + part.rstrip()) > width and line:
            lines.append(line.rstrip())
            line = ""
        while columns(part.rstrip()) > width:
            cut = next(n for n in range(len(part), 0, -1) if columns(part[:n]) <= width or n == 1)
            lines.append(part[:cut])
            part = part[cut:]  # noqa: PLW2901  the rest of a word that no line holds
        line += part
    return [*lines, line.rstrip()]


def _parts(text: str) -> list[str]:
    """Cut `text` where a line may end: after spaces, and between wide characters."""
    found: list[str] = []
    for char in text:
        before = found[-1][-1] if found else " "
        closes = unicodedata.category(char) in {"Po", "Pe", "Pf"}
        wide = _columns_of(char) == 2 or _columns_of(before) == 2  # noqa: PLR2004  columns
        if not found or (before == " " and char != " ") or (wide and char != " " and not closes):
            found.append(char)
        else:
            found[-1] += char
    return found
