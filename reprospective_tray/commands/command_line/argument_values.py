"""Values on the command line: dates, times and durations, with clear error messages."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.messages import _

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def day(text: str) -> date:
    """Return the day named by `text` (YYYY-MM-DD, ``today`` or ``yesterday``).

    Today is the day on this computer's clock.
    """
    found = _day(text)
    if found is None:
        raise ArgumentTypeError(
            _("{text!r} is not a day; write it as 2026-11-23, today or yesterday").format(text=text)
        )
    return found


def instant(text: str) -> int:
    """Return the ms since the epoch of `text`: ISO 8601, local wall time without an offset.

    A day, written as for `day`, is the midnight at which it begins.
    """
    try:
        found = _day(text)
        time = datetime.combine(found, datetime.min.time()) if found else None
        return round((time or datetime.fromisoformat(text)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise ArgumentTypeError(
            _(
                "{text!r} is not a time; "
                "write it as 2026-11-23T09:30, with or without +09:00, today or yesterday"
            ).format(text=text)
        ) from None


def time_of_day(text: str) -> timedelta:
    """Return the time since 00:00 of `text`, such as 14:00 or 9:30:15."""
    found = end_of_day(text)
    if found == _DAY:
        raise _not_a_time(text)
    return found


def end_of_day(text: str) -> timedelta:
    """Return the time since 00:00 of `text`, which may be 24:00, too."""
    if found := _TIME.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        time = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if minutes < 60 and seconds < 60 and time <= _DAY:  # noqa: PLR2004  of an hour
            return time
    raise _not_a_time(text)


def _not_a_time(text: str) -> ArgumentTypeError:
    return ArgumentTypeError(
        _("{text!r} is not a time of the day; write it as 14:00").format(text=text)
    )


def zone(text: str) -> ZoneInfo:
    """Return the time zone of this name, such as Europe/Berlin."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ArgumentTypeError(
            _("{text!r} is not a time zone; write it as Europe/Berlin or UTC").format(text=text)
        ) from None


def _day(text: str) -> date | None:
    """Return the day named by `text`; None if it is no day."""
    today = date.today()  # noqa: DTZ011  the day on the wall clock is meant
    match text.strip().casefold():
        case "today":
            return today
        case "yesterday":
            return today - timedelta(days=1)
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        return None


def length(text: str) -> timedelta:
    """Return the duration named by `text` (30m, 1h30m, 2d)."""
    found = _LENGTH.fullmatch(text)
    if found and text:
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        try:
            total = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            total = timedelta(0)
        if timedelta(0) < total <= timedelta(days=3650):
            return total
    raise ArgumentTypeError(
        _("{text!r} is not a duration; write it as 30m, 1h30m or 2d").format(text=text)
    )


def file(text: str) -> Path:
    """Return the file that `text` names."""
    if not text:
        raise ArgumentTypeError(_("the file name is empty"))
    return Path(text)


def rounding(text: str) -> tuple[int, bool]:
    """Return the minutes of ``15m`` or ``15m:up``, and whether it is up: 6, 15 or 30 minutes."""
    step, _colon, way = text.partition(":")
    if step in {"6m", "15m", "30m"} and way in {"", "up", "nearest"} and not text.endswith(":"):
        return int(step[:-1]), way == "up"
    raise ArgumentTypeError(
        _(
            "{text!r} is no rounding; write it as 6m, 15m or 30m, with or without :up or :nearest"
        ).format(text=text)
    )


def rate(text: str) -> Decimal:
    """Return the price of an hour, such as 80 or 92.50."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,4})?", text, re.ASCII):
        return Decimal(text)
    raise ArgumentTypeError(_("{text!r} is no rate; write it as 80 or 92.50").format(text=text))


def currency(text: str) -> str:
    """Return the code of a currency in capitals: three letters, such as EUR."""
    if re.fullmatch(r"[A-Za-z]{3}", text):
        return text.upper()
    raise ArgumentTypeError(
        _("{text!r} is no currency; write its code, such as EUR").format(text=text)
    )


def count(text: str) -> int:
    """Return `text` as a number of things, 1 or more."""
    if text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000:  # noqa: PLR2004  enough
        return int(text)
    raise ArgumentTypeError(_("{text!r} is not a number of at least 1").format(text=text))
