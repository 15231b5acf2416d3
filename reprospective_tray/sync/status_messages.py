"""Messages about sending: values in, sentences out. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.messages import _, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprospective_tray.sync.health import Health

MINUTE_MS = 60_000
# Until then a success is "a moment ago": at the usual interval the line stays as it is.
MOMENT_MS = 2 * MINUTE_MS
HOUR_MINUTES = 60
# While a pass runs, figures move in so many steps at most: each makes the menu another.
STEPS = 20


@dataclass(frozen=True, slots=True)
class Shipping:
    """What is shown of sending.

    Attributes:
        waiting: Rows that are still to be sent.
        refused: Rows that the server refused.
        last_success_at: ms since the epoch; None before the first success.
        error: What the last pass failed of; empty when it did not.
        is_running: Whether a pass runs that is worth showing.
        sent: Rows of that pass that are done.
        total: How many there are to do.
    """

    waiting: int = 0
    refused: int = 0
    last_success_at: int | None = None
    error: str = ""
    is_running: bool = False
    sent: int = 0
    total: int = 0


def from_status(status: Mapping[str, object]) -> Shipping | None:
    """Return what the status object tells of sending; None where it is off."""
    sync, pass_ = status.get("sync"), status.get("pass")
    if not isinstance(sync, dict) or not sync.get("enabled"):
        return None
    running = pass_ if isinstance(pass_, dict) else {}
    success = sync.get("last_success_at")
    return Shipping(
        waiting=int(sync.get("waiting") or 0),
        refused=int(sync.get("refused") or 0),
        last_success_at=_ms(success) if isinstance(success, str) else None,
        error=str(sync.get("last_error") or ""),
        is_running=bool(running.get("is_shown")),
        sent=int(running.get("sent") or 0),
        total=int(running.get("total") or 0),
    )


def line(shipping: Shipping, now: int) -> str:
    """Return the line that says how far everything is sent; `now` is in ms since the epoch."""
    success = shipping.last_success_at
    if success is None:
        said = [_("Not synced yet")]
    elif shipping.error:
        said = [_("Not synced since {time}").format(time=moment(success, now))]
    else:
        said = [_ago(success, now)]
    is_fresh = success is not None and not shipping.error and 0 <= now - success < MOMENT_MS
    # Just now everything was sent; what the open session has added since is no news.
    if shipping.waiting and not (is_fresh or shipping.is_running):
        said.append(_("{count} waiting").format(count=f"{shipping.waiting:,}"))
    if shipping.refused:
        said.append(_("{count} refused by the server").format(count=f"{shipping.refused:,}"))
    return " · ".join(said)


def running_label(shipping: Shipping) -> str:
    """Return what the menu says of the pass that runs, in figures that move in steps."""
    if not shipping.total:
        return _("Syncing …")
    step, total = _step(shipping.total), _rounded(shipping.total)
    return _("Syncing … {sent} of {total}").format(
        sent=f"{shipping.sent // step * step:,}", total=f"{total:,}"
    )


def _step(total: int) -> int:
    """Return the distance of at most `STEPS` steps up to `total`: 1, 2, 5, 10, 20 and so on."""
    unit = 1
    while total > 5 * unit * STEPS:
        unit *= 10
    return next(lead * unit for lead in (1, 2, 5) if total <= lead * unit * STEPS)


def _rounded(number: int) -> int:
    """Return `number` in three digits and noughts: rows that come meanwhile do not move it."""
    return round(number, min(0, 3 - len(str(number))))


def _ago(success: int, now: int) -> str:
    age = now - success
    if 0 <= age < MOMENT_MS:
        return _("Synced a moment ago")
    minutes = age // MINUTE_MS
    if 0 <= minutes < HOUR_MINUTES:
        return _("Synced {minutes} min ago").format(minutes=minutes)
    return _("Synced {time}").format(time=moment(success, now))


def moment(at: int, now: int) -> str:
    """Return `at` by the clock on the wall, with the day where it is not today; both in ms."""
    then, today = _local(at), _local(now).date()
    time = f"{then:%H:%M}"
    if then.date() == today:
        return time
    if then.date() == today - dt.timedelta(days=1):
        return _("yesterday, {time}").format(time=time)
    return _("{date}, {time}").format(date=f"{then:%Y-%m-%d}", time=time)


def problem(health: Health, waiting: int, since: int, now: int) -> str:
    """Return what is said where sending has failed since `since` (ms): what, where, what to do."""
    text = plural(
        "{count} session waits for the server since {time}.",
        "{count} sessions wait for the server since {time}.",
        waiting,
    )
    said = text.format(count=f"{waiting:,}", time=moment(since, now))
    return f"{said} {failure(health.error, health.remedy)}".strip()


def failure(error: str, remedy: str) -> str:
    """Return what failed and what to do about it, as sentences."""
    # What PostgreSQL says of itself ends without a full stop; a translation may have its own.
    sentence = error if not error or error.endswith((".", "。")) else f"{error}."
    return f"{sentence} {remedy}".strip()


def retention(days: int) -> str:
    """Return what keeping only so many days means on this computer; said once."""
    text = plural(
        "Sessions older than {days} day leave this computer once they are on the server; daily "
        "totals stay. Set database.sync.retention_days to null to keep everything.",
        "Sessions older than {days} days leave this computer once they are on the server; daily "
        "totals stay. Set database.sync.retention_days to null to keep everything.",
        days,
    )
    return text.format(days=days)


def _local(instant: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant / 1000, tz=dt.UTC).astimezone()


def _ms(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)
