"""The report as the object of `report --format json`; seconds are exact to the millisecond."""

from datetime import timedelta, timezone
from typing import Any

from reprospective_tray.summary.figures.report import ApplicationReport, Report
from reprospective_tray.summary.format_text import wall_time


def as_object(report: Report) -> dict[str, Any]:
    """Return the contract's object, and beside it what else the window shows."""
    answer: dict[str, Any] = {
        "from": report.range.first.isoformat(),
        "to": report.range.last.isoformat(),
        "source": report.source,
        "hosts": list(report.hosts),
        "active_seconds": report.states.active_ms / 1000,
        "idle_seconds": report.states.idle_ms / 1000,
        "locked_seconds": report.states.locked_ms / 1000,
        "applications": [_application(each) for each in report.applications],
        "categories": [
            {
                "category": total.category.name,
                "seconds": total.ms / 1000,
                "productive": total.category.productive,
            }
            for total in report.categories
        ],
        "days": [
            {
                "date": day.day,
                "active_seconds": day.active_ms / 1000,
                "first_at": as_lived(day.first_at, day.first_offset_minutes),
                "last_at": as_lived(day.last_at, day.last_offset_minutes),
            }
            for day in report.days
        ],
        "previous": _previous(report),
    }
    if report.filter is not None:
        answer["filter"] = report.filter.text
    if report.hours is not None:
        answer["hours"] = [
            {"start": hour.start.isoformat(), "active_seconds": hour.active_ms / 1000}
            for hour in report.hours
        ]
    if report.stretches is not None:
        answer["switches"] = report.stretches.switches
        answer["longest_stretch"] = _longest(report)
    if report.origin.server_days or report.origin.absent_days:
        answer["titles_from_server"] = list(report.origin.server_days)
        answer["titles_missing"] = list(report.origin.absent_days)
    return answer


def as_lived(ms: int, utc_offset_minutes: int) -> str:
    """Return an instant as ISO 8601 with the offset that the clock on the wall had."""
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    moment = wall_time(ms, utc_offset_minutes).replace(tzinfo=zone)
    return moment.isoformat(timespec="milliseconds")


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


def _previous(report: Report) -> dict[str, Any] | None:
    if report.comparison is None:
        return None
    return {
        "from": report.comparison.range.first.isoformat(),
        "to": report.comparison.range.last.isoformat(),
        "active_seconds": report.comparison.ms / 1000,
        "until_now": report.comparison.until_now,
    }


def _longest(report: Report) -> dict[str, Any] | None:
    longest = report.stretches.longest if report.stretches else None
    if longest is None:
        return None
    return {
        "application_name": longest.application_name,
        "started_at": as_lived(longest.started_at, longest.utc_offset_minutes),
        "seconds": longest.ms / 1000,
    }
