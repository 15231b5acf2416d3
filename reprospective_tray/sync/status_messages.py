"""Messages about the synchronisation, built from values. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.messages import _, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprospective_tray.sync.health import Health

MINUTE_MS = 60_000
# A success younger than this is "a moment ago", so at the usual interval the line does not change.
MOMENT_MS = 2 * MINUTE_MS
HOUR_MINUTES = 60
# Maximum number of progress steps during a pass, because each step rebuilds the menu.
STEPS = 20


@dataclass(frozen=True, slots=True)
class Shipping:
    """The state of the synchronisation to show.

    Attributes:
        waiting: Number of rows waiting to be sent.
        refused: Number of rows that the server refused.
        last_success_at: ms since the epoch, UTC; None before the first success.
        error: The error of the last pass; empty if it succeeded.
        reason: Why it failed and what to do, in one line; empty if it succeeded.
        is_running: Whether a pass is running that should be shown.
        sent: Number of rows done in that pass.
        total: Total number of rows of that pass.
    """

    waiting: int = 0
    refused: int = 0
    last_success_at: int | None = None
    error: str = ""
    reason: str = ""
    is_running: bool = False
    sent: int = 0
    total: int = 0


def from_status(status: Mapping[str, object]) -> Shipping | None:
    """Return the synchronisation's part of the status object; None if it is disabled."""
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
        reason=str(status.get("sync_reason") or ""),
        is_running=bool(running.get("is_shown")),
        sent=int(running.get("sent") or 0),
        total=int(running.get("total") or 0),
    )


def line(shipping: Shipping, now: int) -> str:
    """Return the line about the upload progress; `now` is in ms since the epoch, UTC."""
    success = shipping.last_success_at
    if success is None:
        said = [_("Not synced yet")]
    elif shipping.error:
        said = [_("Not synced since {time}").format(time=moment(success, now))]
    else:
        said = [_ago(success, now)]
    is_fresh = success is not None and not shipping.error and 0 <= now - success < MOMENT_MS
    # Right after a success, only updates of the open session can be waiting; do not show them.
    if shipping.waiting and not (is_fresh or shipping.is_running):
        said.append(_("{count} waiting").format(count=f"{shipping.waiting:,}"))
    if shipping.refused:
        said.append(_("{count} refused by the server").format(count=f"{shipping.refused:,}"))
    return " · ".join(said)


def running_label(shipping: Shipping) -> str:
    """Return the menu's label for the running pass, with the numbers rounded to steps."""
    if not shipping.total:
        return _("Syncing …")
    step, total = _step(shipping.total), _rounded(shipping.total)
    return _("Syncing … {sent} of {total}").format(
        sent=f"{shipping.sent // step * step:,}", total=f"{total:,}"
    )


def _step(total: int) -> int:
    """Return the step size (1, 2, 5, 10, 20 …) for at most `STEPS` steps up to `total`."""
    unit = 1
    while total > 5 * unit * STEPS:
        unit *= 10
    return next(lead * unit for lead in (1, 2, 5) if total <= lead * unit * STEPS)


def _rounded(number: int) -> int:
    """Return `number` rounded to three digits, so that rows added meanwhile do not change it."""
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
    """Return `at` in local time, with the date if it is not today; both arguments are in ms."""
    then, today = _local(at), _local(now).date()
    time = f"{then:%H:%M}"
    if then.date() == today:
        return time
    if then.date() == today - dt.timedelta(days=1):
        return _("yesterday, {time}").format(time=time)
    return _("{date}, {time}").format(date=f"{then:%Y-%m-%d}", time=time)


def problem(health: Health, waiting: int, since: int, now: int) -> str:
    """Return the message that sending has failed since `since` (ms), with error and remedy."""
    text = plural(
        "{count} session has been waiting for the server since {time}.",
        "{count} sessions have been waiting for the server since {time}.",
        waiting,
    )
    said = text.format(count=f"{waiting:,}", time=moment(since, now))
    return f"{said} {failure(health.error, health.remedy)}".strip()


def brief_problem(health: Health, waiting: int, since: int, now: int) -> str:
    """Return the same in one line that begins with the reason: lines of a menu are cut."""
    text = plural(
        "{count} session is waiting since {time}.",
        "{count} sessions are waiting since {time}.",
        waiting,
    )
    said = text.format(count=f"{waiting:,}", time=moment(since, now))
    return f"{reason(health)} {said}"


def reason(health: Health) -> str:
    """Return why the last pass failed and what to do; empty if it succeeded."""
    return health.brief or failure(health.error, health.remedy)


def failure(error: str, remedy: str) -> str:
    """Return the error and its remedy as sentences."""
    # PostgreSQL's messages end without a full stop; a translation may use another one.
    sentence = error if not error or error.endswith((".", "。")) else f"{error}."
    return f"{sentence} {remedy}".strip()


def retention(days: int) -> str:
    """Return the explanation of `retention_days` for this computer; shown once."""
    text = plural(
        "Sessions older than {days} day are removed from this computer once they are on the "
        "server. Daily totals stay. To keep everything, set database.sync.retention_days to "
        "null.",
        "Sessions older than {days} days are removed from this computer once they are on the "
        "server. Daily totals stay. To keep everything, set database.sync.retention_days to "
        "null.",
        days,
    )
    return text.format(days=days)


def _local(instant: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant / 1000, tz=dt.UTC).astimezone()


def _ms(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)
