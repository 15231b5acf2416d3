"""The doctor: runs all checks at the same time, each with a time limit."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from reprospective_tray.checks import (
    desktop,
    program,
    server,
    storage,
)
from reprospective_tray.checks.finding import Check, Finding
from reprospective_tray.messages import _
from reprospective_tray.runtime.factories import uses_server
from reprospective_tray.store.postgres.connection.cancellable_call import CancellableCall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprospective_tray.checks.finding import Case


def _always(*names: str) -> Callable[[Case], tuple[str, ...]]:
    return lambda _case: names


def _where_used(case: Case) -> tuple[str, ...]:
    return ("server",) if uses_server(case.loaded.config.database) else ()


# In the order of the table.
CHECKS: Final = (
    Check(("program",), program.program),
    Check(("config",), program.configuration),
    Check(("instance",), program.instance),
    Check(("session",), desktop.session),
    Check(("display",), desktop.display, needed=_always("display")),
    Check(("windows", "idle"), desktop.windows, needed=_always("windows")),
    Check(("bus", "tray", "notifications"), desktop.shell, deadline_s=15.0),
    Check(
        ("database", "integrity"),
        storage.database,
        needed=_always("database"),
        deadline_s=storage.DATABASE_S,
    ),
    Check(("rights",), storage.rights, needed=_always("rights")),
    Check(("disk",), storage.disk, needed=_always("disk")),
    Check(("server",), server.server, needed=_where_used, deadline_s=server.SERVER_S),
    Check(("autostart",), program.autostart),
)


def examine(case: Case, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Return the findings of all checks; it ends when the longest of their deadlines is over."""
    began = time.monotonic()
    attempts = [
        CancellableCall(partial(check.look, case), lambda _late: None, f"doctor-{check.names[0]}")
        for check in checks
    ]
    found: list[Finding] = []
    for check, attempt in zip(checks, attempts, strict=True):
        left = check.deadline_s - (time.monotonic() - began)
        found += _outcome(check, case, attempt, max(0.0, left))
    return found


def _outcome(
    check: Check, case: Case, attempt: CancellableCall[list[Finding]], seconds: float
) -> list[Finding]:
    try:
        return attempt.result(seconds)
    except TimeoutError:
        detail = _("No answer within {seconds:g} s.").format(seconds=check.deadline_s)
        remedy = _("Check what is keeping this computer busy, then try again.")
        needed = check.needed(case)
        return [Finding(name, False, detail, remedy, name in needed) for name in check.names]
    # A check that fails unexpectedly must not prevent the others from being reported.
    except Exception as error:  # noqa: BLE001  see above
        detail = _("The check failed: {kind}: {error}").format(
            kind=type(error).__name__, error=error
        )
        needed = check.needed(case)
        return [Finding(name, None, detail, needed=name in needed) for name in check.names]


def is_well(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing that is required is missing."""
    return not any(each.is_missing for each in findings)
