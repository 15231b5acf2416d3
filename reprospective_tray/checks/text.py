"""The findings as a table for a terminal. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprospective_tray.messages import _
from reprospective_tray.summary.format_text import columns, fit, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprospective_tray.checks.finding import Finding

NARROWEST = 40
# Where a line can end: after a word, or in Japanese after each character but before no stop.
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60"
_STOPS = "\u3001\u3002\u300d\u30fc\uff09\uff0c"
_TOKEN = re.compile(f"[{_WIDE}][{_STOPS}]*\\s*|[^\\s{_WIDE}]+[{_STOPS}]*\\s*")
_GAP = "  "
_NEITHER = "\N{EN DASH}"
_REMEDY = "\N{RIGHTWARDS ARROW} "


def titles() -> dict[str, str]:
    """Return the titles of the checks, by their names."""
    return {
        "program": _("Program"),
        "config": _("Config"),
        "instance": _("Running program"),
        "session": _("Desktop session"),
        "display": _("Display"),
        "windows": _("Windows"),
        "idle": _("Idle time"),
        "bus": _("Session bus"),
        "tray": _("Tray"),
        "notifications": _("Notifications"),
        "database": _("Database"),
        "integrity": _("Integrity"),
        "rights": _("Permissions"),
        "disk": _("Free disk space"),
        "server": _("Server"),
        "server_rights": _("Server permissions"),
        "server_schema": _("Server schema"),
        "server_clock": _("Server clock"),
        "server_latency": _("Server latency"),
        "server_tls": _("Encryption"),
        "autostart": _("Start at login"),
    }


def table(findings: Sequence[Finding], width: int) -> str:
    """Return a line for each finding with its remedy below, no line wider than `width` columns."""
    names = titles()
    answers = {True: _("found"), False: _("not found"), None: _NEITHER}
    first = max(map(columns, [*answers.values(), _("MISSING")]))
    second = max(columns(names.get(each.name, each.name)) for each in findings)
    indent = first + second + 2 * len(_GAP)
    room = max(NARROWEST, width) - indent
    lines = []
    for each in findings:
        answer = _("MISSING") if each.is_missing else answers[each.found]
        start = fit(answer, first) + _GAP + fit(names.get(each.name, each.name), second) + _GAP
        below = _wrapped(_REMEDY + each.remedy, room) if each.remedy else []
        for number, line in enumerate([*_wrapped(each.detail, room), *below]):
            lines.append((" " * indent if number else start) + line)
    return "\n".join([*lines, "", verdict(findings)])


def verdict(findings: Sequence[Finding]) -> str:
    """Return as a sentence whether everything required was found."""
    names = titles()
    missing = [names.get(each.name, each.name) for each in findings if each.is_missing]
    if not missing:
        return _("Everything required was found.")
    return _("Required but missing: {names}").format(names=", ".join(missing))


def _wrapped(text: str, room: int) -> list[str]:
    """Return `text` in lines of at most `room` columns; a wider word gets its own line."""
    lines = [""]
    for token in _TOKEN.findall(printable(text)):
        if lines[-1] and columns((lines[-1] + token).rstrip()) > room:
            lines.append("")
        lines[-1] += token
    return [line.rstrip() for line in lines]
