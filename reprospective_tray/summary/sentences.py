"""The sentences that window and reports share about figures. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date

from reprospective_tray.messages import _, plural
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.totals import DayTotal
from reprospective_tray.summary import rounding
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.figures.category_tree import CategoryLine
from reprospective_tray.summary.figures.comparison import Comparison, Kind, month_of, year_of
from reprospective_tray.summary.figures.report import DETAILED_DAYS, Origin, Report
from reprospective_tray.summary.format_text import (
    application_label,
    duration,
    figure_text,
    long_date,
    month_name,
    printable,
    short_month_name,
    short_weekday_name,
    wall_time,
    weekday_name,
)
from reprospective_tray.summary.rounding import Figure

_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000


def range_name(days: DayRange) -> str:
    """Return what to call a range: its day, its month, or its first and last day."""
    if days.count == 1:
        return long_date(days.first)
    if days == month_of(days.first):
        return _("{month} {year}").format(month=month_name(days.first.month), year=days.first.year)
    if days == year_of(days.first):
        return year_name(days.first.year)
    return f"{long_date(days.first)} \N{EN DASH} {long_date(days.last)}"


def tight_range_name(days: DayRange) -> str:
    """Return the same in little room."""
    if days.count == 1:
        return _("{weekday} {day}").format(weekday=short_weekday_name(days.first), day=days.first)
    if days == month_of(days.first):
        return f"{days.first:%Y-%m}"
    if days == year_of(days.first):
        return year_name(days.first.year)
    return f"{days.first} \N{EN DASH} {days.last:%m-%d}"


def short_range_name(days: DayRange) -> str:
    """Return what to call a range in a heading, without weekdays where it is several days."""
    if days.count == 1 or days in {month_of(days.first), year_of(days.first)}:
        return range_name(days)
    return week_name(days)


def week_name(days: DayRange) -> str:
    r"""Return what to call some days: ``16 \N{EN DASH} 22 November 2026``."""
    first, last = days.first, days.last
    if first.year != last.year:
        return f"{date_name(first)} \N{EN DASH} {date_name(last)}"
    if first.month != last.month:
        begin = _("{day} {month}").format(day=first.day, month=month_name(first.month))
        return _("{begin} \N{EN DASH} {end}").format(begin=begin, end=date_name(last))
    return _("{first} \N{EN DASH} {last} {month} {year}").format(
        first=first.day, last=last.day, month=month_name(last.month), year=last.year
    )


def year_name(year: int) -> str:
    """Return what to call a year."""
    return _("{year}").format(year=year)


def date_name(day: date) -> str:
    """Return a date without its weekday: ``22 November 2026``."""
    return _("{day} {month} {year}").format(day=day.day, month=month_name(day.month), year=day.year)


def first_last(report: Report) -> str:
    """Return when the activity of a single day began and ended."""
    return edges(report.days[0])


def edges(day: DayTotal) -> str:
    """Return when a day's activity began and ended, by the clock that was on the wall."""
    first = wall_time(day.first_at, day.first_offset_minutes)
    last = wall_time(day.last_at, day.last_offset_minutes)
    # A day ends at 24:00: 00:00 would be its beginning.
    end = "24:00" if last.date().isoformat() > day.day else f"{last:%H:%M}"
    return f"{first:%H:%M} \N{EN DASH} {end}"


def difference(report: Report) -> tuple[str, str] | None:
    """Return how much more or less it was than before: ``("▲ 22 m", "vs previous Monday")``.

    None where there is nothing to compare with, or it was the same to the minute.
    """
    comparison = report.comparison
    if comparison is None:
        return None
    now, earlier = shown.active(report), rounding.alone(comparison.ms)
    mark = trend(rounding.difference(now, earlier), rose=now.ms > earlier.ms)
    return (mark, _compared_with(comparison)) if mark else None


def trend(more: Figure, *, rose: bool) -> str:
    """Return by how much it rose or fell, as a mark and a time; empty for less than a minute."""
    if more.ms < _MINUTE_MS:
        return ""
    mark = "\N{BLACK UP-POINTING TRIANGLE}" if rose else "\N{BLACK DOWN-POINTING TRIANGLE}"
    return f"{mark} {figure_text(more)}"


def _compared_with(comparison: Comparison) -> str:
    first = comparison.range.first
    if comparison.kind is Kind.WEEKDAY:
        weekday = weekday_name(first)
        if comparison.until_now:
            return _("vs last {weekday} at this time").format(weekday=weekday)
        return _("vs previous {weekday}").format(weekday=weekday)
    if comparison.kind is Kind.WEEK:
        return _("vs last week at this point") if comparison.until_now else _("vs previous week")
    if comparison.kind is Kind.MONTH:
        text = _("vs {month} at this point") if comparison.until_now else _("vs {month}")
        return text.format(month=month_name(first.month))
    if comparison.kind is Kind.YEAR:
        text = _("vs {year} at this point") if comparison.until_now else _("vs {year}")
        return text.format(year=first.year)
    return _("vs the previous {count} days").format(count=comparison.range.count)


def longest(report: Report) -> tuple[str, str] | None:
    """Return the longest stretch and what it was: ``("1 h 12 m", "Code, 10:04")``."""
    found = report.stretches.longest if report.stretches else None
    if found is None:
        return None
    began = wall_time(found.started_at, found.utc_offset_minutes)
    when = f"{began:%H:%M}"
    if report.range.count > 1:
        when = _("{weekday} {time}").format(weekday=short_weekday_name(began.date()), time=when)
    name = application_label(found.application_name)
    return duration(found.ms), _("{application}, {time}").format(application=name, time=when)


def switches_an_hour(report: Report) -> str:
    """Return how often it was switched in an active hour; empty for less than a minute."""
    if report.stretches is None or report.states.active_ms < _MINUTE_MS:
        return ""
    rate = round(report.stretches.switches * _HOUR_MS / report.states.active_ms)
    return _("{count} per hour").format(count=rate)


def productive_share(categories: Sequence[CategoryLine]) -> str:
    """Return what part of the active time was productive; empty where no rule says so of any."""
    said = [line for line in categories if line.category and line.category.productive is not None]
    if not said:
        return ""
    productive = [line for line in said if line.category and line.category.productive]
    return _("{time} productive ({percent} %)").format(
        time=figure_text(rounding.together(line.figure for line in productive)),
        percent=sum(line.percent for line in productive),
    )


def on_days(count: int) -> str:
    """Return on how many days there was activity."""
    return plural("over {count} day", "over {count} days", count).format(count=count)


def switches(count: int) -> str:
    """Return how often the application changed."""
    return plural("{count} switch", "{count} switches", count).format(count=f"{count:,}")


def share(percent: int, ms: int) -> str:
    """Return a share of the whole list; `ms` tells whether there is any time in it."""
    if ms and not percent:
        return _("<1 %")
    return _("{percent} %").format(percent=percent)


def others(count: int) -> str:
    """Return what to call the rest of a list that was cut, where its time stands beside it."""
    return plural("{count} more", "{count} more", count).format(count=count)


def and_more(count: int, figure: Figure) -> str:
    """Return what a list that was cut leaves out: how many, and their time."""
    text = plural("and {count} more, {time}", "and {count} more, {time}", count)
    return text.format(count=count, time=figure_text(figure))


def rest_of_titles(figures: shown.TitleFigures, count: int) -> Iterator[tuple[str, Figure]]:
    """Yield what a list of an application's first `count` titles leaves out, and its time."""
    further, figure = figures.after(count)
    if further:
        yield others(further), figure
    if figures.unknown.ms or figures.unknown.is_trace:
        yield _("Titles unknown"), figures.unknown


def active_label(report: Report) -> str:
    """Return what to call the active time of a report."""
    return _("Active") if report.filter is None else _("Active \N{MIDDLE DOT} filtered")


def of_the_whole(report: Report) -> str:
    """Return of how much time a filter found some; empty without one."""
    if report.filter is None:
        return ""
    return _("of {time}").format(time=duration(report.filter.whole_active_ms))


def filtered_by(report: Report) -> str:
    """Return what a report is narrowed to, where it is: ``Filtered by: harbour``."""
    if report.filter is None:
        return ""
    return _("Filtered by: {text}").format(text=printable(report.filter.text))


def nothing_to_show(report: Report) -> str:
    """Return what to say of a report without any time."""
    if report.filter is not None:
        return _("Nothing matches the filter.")
    if report.range.count == 1:
        return _("Nothing was recorded on this day.")
    return _("Nothing was recorded on these days.")


def computers(count: int) -> str:
    """Return how many computers these are."""
    return plural("{count} computer", "{count} computers", count).format(count=count)


def why_no_details() -> str:
    """Return why a report has no titles and hours: nobody asked for those of so many days."""
    return _("Titles and hours are shown for up to {count} days, or with --titles N.").format(
        count=DETAILED_DAYS
    )


def origin_note(origin: Origin) -> str:
    """Return where titles and hours come from where that is not this computer alone."""
    if origin.absent_days:
        days = len(origin.absent_days)
        text = plural(
            "Titles and hours of {count} day are only on the server: {problem}",
            "Titles and hours of {count} days are only on the server: {problem}",
            days,
        )
        return text.format(count=days, problem=origin.problem)
    if origin.server_days:
        days = len(origin.server_days)
        text = plural(
            "Titles and hours of {count} day come from the server; the totals come from this "
            "computer.",
            "Titles and hours of {count} days come from the server; the totals come from this "
            "computer.",
            days,
        )
        return text.format(count=days)
    return ""


def day_name(day: date) -> str:
    """Return a day as the foot of a bar names it: ``Mon 23``."""
    return _("{weekday} {day}").format(weekday=short_weekday_name(day), day=day.day)


def short_date(day: date) -> str:
    """Return a day as a line of a table names it: ``Mon, 23 Nov``."""
    return _("{weekday}, {day} {month}").format(
        weekday=short_weekday_name(day), day=day.day, month=short_month_name(day.month)
    )
