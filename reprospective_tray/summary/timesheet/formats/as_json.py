"""The time sheet as the object of `report --timesheet --format json`.

Seconds are exact to the millisecond.
"""

from typing import Any

from reprospective_tray.summary.timesheet.sheet import Row, TimeSheet


def as_object(sheet: TimeSheet) -> dict[str, Any]:
    """Return the contract's object, and beside it how it was made."""
    answer: dict[str, Any] = {
        "from": sheet.range.first.isoformat(),
        "to": sheet.range.last.isoformat(),
        "round": sheet.rounding.name if sheet.rounding else None,
        "per": sheet.rounding.per if sheet.rounding else None,
        "rate": float(sheet.rate.an_hour) if sheet.rate else None,
        "currency": sheet.rate.currency or None if sheet.rate else None,
        "rows": [_row(row) for row in sheet.rows],
        "uncategorised_seconds": sheet.uncategorised_ms / 1000,
        "total_seconds": sheet.total_ms / 1000,
        "closed_days": list(sheet.closed_days),
    }
    if sheet.origin.server_days or sheet.origin.absent_days:
        answer["sessions_from_server"] = list(sheet.origin.server_days)
        answer["sessions_missing"] = list(sheet.origin.absent_days)
    return answer


def _row(row: Row) -> dict[str, Any]:
    return {
        "day": row.day or None,
        "category": row.category or None,
        "seconds": row.ms / 1000,
        "tracked_seconds": row.tracked_ms / 1000,
        "manual_seconds": row.manual_ms / 1000,
        "rounded_seconds": row.rounded_ms / 1000,
        "billable": row.billable,
        "amount": None if row.amount is None else float(row.amount),
        "notes": list(row.notes),
    }
