"""Entries on the terminal and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date

from reprospective_tray.messages import _
from reprospective_tray.store.entries.wording import described
from reprospective_tray.store.model.day_split import pieces
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.transfer.export import iso_utc
from reprospective_tray.summary.format_text import columns, duration, long_date, right, wall_time

_DASH = "\N{EN DASH}"


def as_object(entries: Sequence[Entry], days: DayRange, closed: Sequence[str]) -> dict[str, object]:
    """Return what `entry list --json` prints."""
    return {
        "from": days.first.isoformat(),
        "to": days.last.isoformat(),
        "closed_days": list(closed),
        "entries": [
            {
                "uid": entry.uid,
                "category": entry.category,
                "note": entry.note,
                "billable": entry.billable,
                "started_at": iso_utc(entry.started_at),
                "ended_at": iso_utc(entry.ended_at),
                "duration_seconds": (entry.ended_at - entry.started_at) / 1000,
                "utc_offset_minutes": entry.utc_offset_minutes,
            }
            for entry in entries
        ],
    }


def as_lines(
    entries: Sequence[Entry], days: DayRange, closed: Sequence[str], short: Mapping[str, str]
) -> list[str]:
    """Return the entries by day as text; an entry over midnight is on both days.

    `short` has a unique beginning of each uid.
    """
    by_day: dict[str, list[tuple[Entry, int, int]]] = {day: [] for day in closed}
    for entry in entries:
        for piece in pieces(entry.started_at, entry.ended_at, entry.utc_offset_minutes):
            if days.holds(piece.day):
                part = entry, piece.started_at, piece.ended_at
                by_day.setdefault(piece.day, []).append(part)
    longest = max((len(short[entry.uid]) for entry in entries), default=0)
    indent = " " * (4 + longest)
    lines = []
    for day, parts in sorted(by_day.items()):
        heading = long_date(date.fromisoformat(day))
        lines.append(_("{day} (closed)").format(day=heading) if day in closed else heading)
        times = [duration(end - start) for _entry, start, end in parts]
        width = max(map(columns, times), default=0)
        for (entry, start, end), time in zip(parts, times, strict=True):
            span = f"{_clock(start, entry)}{_DASH}{_clock(end, entry, is_end=True)}"
            what = f"{right(time, width)}  {_category(entry)}"
            lines.append(f"  {short[entry.uid]:{longest}}  {span}  {what}")
            lines += [f"{indent}{line}" for line in entry.note.splitlines()]
    return lines


def one_line(entry: Entry, short: Mapping[str, str]) -> str:
    """Return an entry with its day, length and uid."""
    time = duration(entry.ended_at - entry.started_at)
    return _("{entry} ({time}), {uid}").format(
        entry=described(entry), time=time, uid=short[entry.uid]
    )


def _category(entry: Entry) -> str:
    if entry.billable:
        return entry.category
    return _("{category} (not billable)").format(category=entry.category)


def _clock(ms: int, entry: Entry, *, is_end: bool = False) -> str:
    wall = wall_time(ms, entry.utc_offset_minutes)
    return "24:00" if is_end and not (wall.hour or wall.minute) else f"{wall:%H:%M}"
