"""The figures of a range of days: what `report` prints and the window shows."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

from reprospective_tray.store.queries import DayTotal, Queries, StateTotals
from reprospective_tray.store.ranges import DayRange
from reprospective_tray.store.raw_queries import HourTotal, TitleTotal
from reprospective_tray.summary.text import wall_time

# Titles and hours need raw rows: of longer ranges only when they are asked for.
DETAILED_DAYS = 31


@dataclass(frozen=True, slots=True)
class ApplicationReport:
    """One application's time; `titles` is None where raw rows were not read."""

    name: str
    ms: int
    sessions: int
    titles: tuple[TitleTotal, ...] | None


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of `range`; applications and titles come longest first."""

    range: DayRange
    source: str
    hosts: tuple[str, ...]
    states: StateTotals
    applications: tuple[ApplicationReport, ...]
    days: tuple[DayTotal, ...]
    hours: tuple[HourTotal, ...] | None


def build(
    queries: Queries,
    days: DayRange,
    *,
    source: str = "local",
    host: str | None = None,
    titles: int | None = None,
) -> Report:
    """Ask for the figures of `days`, all of the same moment.

    Args:
        queries: Of an adapter whose `connection()` is open.
        days: The days, as lived.
        source: What `queries` asks: ``local`` or ``server``.
        host: A `source_host`; every host without it.
        titles: The most titles an application gets; this asks for titles and hours also
            with more than `DETAILED_DAYS`. Without it all titles of a short range come.
    """
    detailed = titles is not None or days.count <= DETAILED_DAYS
    with queries.snapshot():
        by_application: dict[str, list[TitleTotal]] = defaultdict(list)
        for title in queries.titles(days, host) if detailed else ():
            by_application[title.application_name].append(title)
        return Report(
            range=days,
            source=source,
            hosts=tuple(queries.hosts(days) if host is None else [host]),
            states=queries.states(days, host),
            applications=tuple(
                ApplicationReport(
                    total.application_name,
                    total.ms,
                    total.sessions,
                    tuple(by_application[total.application_name][:titles]) if detailed else None,
                )
                for total in queries.applications(days, host)
            ),
            days=tuple(queries.days(days, host)),
            hours=tuple(queries.hours(days, host)) if detailed else None,
        )


def as_object(report: Report) -> dict[str, Any]:
    """Return the object of `report --format json`; seconds are exact to the millisecond."""
    answer: dict[str, Any] = {
        "from": report.range.first.isoformat(),
        "to": report.range.last.isoformat(),
        "source": report.source,
        "hosts": list(report.hosts),
        "active_seconds": report.states.active_ms / 1000,
        "idle_seconds": report.states.idle_ms / 1000,
        "locked_seconds": report.states.locked_ms / 1000,
        "applications": [_application(each) for each in report.applications],
        "days": [
            {
                "date": day.day,
                "active_seconds": day.active_ms / 1000,
                "first_at": _as_lived(day.first_at, day.first_offset_minutes),
                "last_at": _as_lived(day.last_at, day.last_offset_minutes),
            }
            for day in report.days
        ],
    }
    if report.hours is not None:
        answer["hours"] = [
            {"start": hour.start.isoformat(), "active_seconds": hour.active_ms / 1000}
            for hour in report.hours
        ]
    return answer


def _application(application: ApplicationReport) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "application_name": application.name,
        "seconds": application.ms / 1000,
        "sessions": application.sessions,
    }
    if application.titles is not None:
        answer["titles"] = [
            {"window_title": title.window_title, "seconds": title.ms / 1000}
            for title in application.titles
        ]
    return answer


def _as_lived(ms: int, utc_offset_minutes: int) -> str:
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    moment = wall_time(ms, utc_offset_minutes).replace(tzinfo=zone)
    return moment.isoformat(timespec="milliseconds")
