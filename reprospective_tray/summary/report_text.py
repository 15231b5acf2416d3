"""The report as text for a terminal: figures first, then where the time went."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TextIO

from reprospective_tray.messages import _, plural
from reprospective_tray.summary.report import DETAILED_DAYS, ApplicationReport, Report
from reprospective_tray.summary.text import (
    application_label,
    columns,
    duration,
    fit,
    long_date,
    month_name,
    right,
    title_label,
    wall_time,
)

TITLES_SHOWN = 3
APPLICATIONS_SHOWN = 15
_NARROWEST = 40
_WIDEST = 110
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_BOLD, _DIM, _BLUE, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether `stream` is a terminal that shows colour, and nobody said NO_COLOR."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def render(
    report: Report, *, width: int = 80, colour: bool = False, titles: int | None = None
) -> str:
    """Return the report as text that ends with a newline, no line wider than `width` columns.

    `titles` is the most titles an application shows, `TITLES_SHOWN` without it.
    """
    writer = _Writer(max(_NARROWEST, min(width, _WIDEST)), colour=colour)
    writer.write(report, TITLES_SHOWN if titles is None else titles)
    return "\n".join(writer.lines) + "\n"


class _Writer:
    def __init__(self, width: int, *, colour: bool) -> None:
        self.lines: list[str] = []
        self._width = width
        self._colour = colour

    def write(self, report: Report, titles: int) -> None:
        self._heading(_range_name(report))
        if not any((report.days, report.states.idle_ms, report.states.locked_ms)):
            self._empty(report)
            return
        self._figures(report)
        if report.range.count > 1 and report.days:
            self._days(report)
        if report.applications:
            self._applications(report.applications, titles)
        if report.hours:
            self._hours(report)
        if report.hours is None:
            self.lines += ["", self._dim(_why_no_details())]

    def _styled(self, code: str, text: str) -> str:
        return f"{code}{text}{_PLAIN}" if self._colour and text else text

    def _dim(self, text: str) -> str:
        return self._styled(_DIM, text)

    def _heading(self, text: str) -> None:
        if self.lines:
            self.lines.append("")
        self.lines.append(self._styled(_BOLD, fit(text, self._width).rstrip()))

    def _empty(self, report: Report) -> None:
        self.lines.append("")
        if report.range.count == 1:
            self.lines.append(_("Nothing was recorded on this day."))
        else:
            self.lines.append(_("Nothing was recorded on these days."))
        self.lines += [
            _("Look at another day with: reprospective-tray report --date YYYY-MM-DD"),
            _("or start recording with: reprospective-tray run"),
        ]

    def _figures(self, report: Report) -> None:
        figures = [
            (_("Active"), duration(report.states.active_ms)),
            (_("Idle"), duration(report.states.idle_ms)),
        ]
        if report.states.locked_ms:
            figures.append((_("Locked"), duration(report.states.locked_ms)))
        if report.range.count == 1 and report.days:
            figures.append((_("First \N{EN DASH} last"), first_last(report)))
        if len(report.hosts) > 1:
            figures.append((_("Computers"), ", ".join(map(application_label, report.hosts))))
        label_width = max(columns(label) for label, _value in figures)
        self.lines.append("")
        for label, value in figures:
            room = self._width - label_width - 2
            shown = self._styled(_BOLD, fit(value, room).rstrip())
            self.lines.append(f"{self._dim(fit(label, label_width))}  {shown}")

    def _days(self, report: Report) -> None:
        if report.range.count <= DETAILED_DAYS:
            rows = [(day.day, day.active_ms) for day in report.days]
            self._heading(_("Days"))
        else:
            months = groupby(report.days, key=lambda day: day.day[:7])
            rows = [(_month(name), sum(day.active_ms for day in days)) for name, days in months]
            self._heading(_("Months"))
        self._bars(rows)

    def _applications(self, applications: tuple[ApplicationReport, ...], titles: int) -> None:
        shown, rest = applications[:APPLICATIONS_SHOWN], applications[APPLICATIONS_SHOWN:]
        self._heading(_("Applications"))
        self._bars(
            [(application_label(each.name), each.ms) for each in shown],
            [
                [(title_label(title.window_title), title.ms) for title in each.titles or ()][
                    :titles
                ]
                for each in shown
            ],
        )
        if rest:
            more = plural("and {count} more, {time}", "and {count} more, {time}", len(rest)).format(
                count=len(rest), time=duration(sum(each.ms for each in rest))
            )
            self.lines.append(self._dim(more))

    def _bars(
        self, rows: list[tuple[str, int]], below: Iterable[list[tuple[str, int]]] | None = None
    ) -> None:
        """Write rows of name, bar and time, each with its dim rows of title and time."""
        time_width = max(columns(duration(ms)) for _name, ms in rows)
        name_width = min(max(columns(name) for name, _ms in rows), self._width // 3)
        bar_width = self._width - name_width - time_width - 4
        longest = max(ms for _name, ms in rows) or 1
        for (name, ms), titles in zip(rows, below or [[]] * len(rows), strict=True):
            bar = fit(_bar(ms / longest, bar_width), bar_width)
            time = right(duration(ms), time_width)
            self.lines.append(f"{fit(name, name_width)}  {self._styled(_BLUE, bar)}  {time}")
            for title, title_ms in titles:
                room = self._width - time_width - 4
                line = f"  {fit(title, room)}  {right(duration(title_ms), time_width)}"
                self.lines.append(self._dim(line))

    def _hours(self, report: Report) -> None:
        by_hour: dict[int, int] = defaultdict(int)
        for hour in report.hours or ():
            by_hour[hour.start.hour] += hour.active_ms
        hours = range(min(by_hour), max(by_hour) + 1)
        most = max(by_hour.values())
        # Three columns an hour; where they do not fit, one, and a number every third.
        step = 3 if len(hours) * 3 <= self._width else 1
        strip = "".join(
            _height(by_hour[hour] / most) * max(1, step - 1) + " " * (step > 1) for hour in hours
        )
        if step > 1:
            scale = "".join(f"{hour:<3}" for hour in hours)
        else:
            scale = "".join(f"{hour:<3}" for hour in hours[::3])
        self._heading(_("Hours"))
        self.lines += [self._styled(_BLUE, strip.rstrip()), self._dim(scale.rstrip())]


def first_last(report: Report) -> str:
    """Return when a day's activity began and ended, by the clock that was on the wall."""
    day = report.days[0]
    first = wall_time(day.first_at, day.first_offset_minutes)
    last = wall_time(day.last_at, day.last_offset_minutes)
    # A day ends at 24:00: 00:00 would be its beginning.
    end = "24:00" if last.date().isoformat() > day.day else f"{last:%H:%M}"
    return f"{first:%H:%M} \N{EN DASH} {end}"


def _range_name(report: Report) -> str:
    if report.range.count == 1:
        return long_date(report.range.first)
    return f"{long_date(report.range.first)} \N{EN DASH} {long_date(report.range.last)}"


def _month(name: str) -> str:
    """Return what to call the month `name`, such as ``2026-11``."""
    year, month = name.split("-")
    return _("{month} {year}").format(month=month_name(int(month)), year=year)


def _why_no_details() -> str:
    return _("Titles and hours are shown for up to {count} days, or with --titles N.").format(
        count=DETAILED_DAYS
    )


def _bar(share: float, width: int) -> str:
    eighths = max(1, round(share * width * 8)) if share > 0 else 0
    full, part = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[part] if part else "")


def _height(share: float) -> str:
    return _HEIGHTS[max(1, round(share * 8)) if share > 0 else 0]
