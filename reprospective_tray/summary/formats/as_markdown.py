"""The report as Markdown, to be pasted into a daily note: CommonMark, with GitHub's tables."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from reprospective_tray.messages import _
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures.months import months
from reprospective_tray.summary.figures.report import DETAILED_DAYS, Report
from reprospective_tray.summary.format_text import (
    application_label,
    duration,
    printable,
    title_label,
)

TITLES_SHOWN = 3
APPLICATIONS_SHOWN = 15
# What means something within a line: to CommonMark, to GitHub (~, $), to note takers (==, %%, ^).
_MARKUP = re.compile(r"[\\`*_\[\]{}<|~#$^]|&(?=#?\w+;)|=(?==)|%(?=%)")
# What would begin a quotation, a list or a rule at the start of a line.
_START = re.compile(r"(?:[-+>]|\d+(?=[.)]))")


def render(report: Report, *, titles: int | None = None) -> str:
    """Return the report as Markdown that ends with a newline.

    Names and titles come out as they are, whatever they have in them.
    `titles` is the most titles an application shows, `TITLES_SHOWN` without it.
    """
    blocks = [f"## {escaped(sentences.short_range_name(report.range))}"]
    if report.is_empty:
        blocks.append(sentences.nothing_recorded(report.range))
    else:
        blocks += _blocks(report, TITLES_SHOWN if titles is None else titles)
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Return a text of one line so that Markdown shows it as it is, wherever it stands."""
    found = _MARKUP.sub(r"\\\g<0>", text)
    start = _START.match(found)
    if start is None:
        return found
    # A digit cannot be escaped: what follows it is.
    place = start.end() if found[0].isdecimal() else 0
    return f"{found[:place]}\\{found[place:]}"


def _blocks(report: Report, titles: int) -> Iterator[str]:
    yield _figures(report)
    if report.categories:
        rows = [
            (escaped(printable(total.category.full_label)), total.ms) for total in report.categories
        ]
        yield _heading(_("Categories"))
        yield _shares(_("Category"), rows)
        if share := sentences.productive_share(report.categories):
            yield escaped(share)
    if report.applications:
        yield _heading(_("Applications"))
        yield from _applications(report)
    if any(each.titles for each in report.applications) and titles:
        yield _heading(_("Titles"))
        yield "\n".join(_titles(report, titles))
    if report.range.count > 1 and report.days:
        yield from _days(report)
    if note := sentences.origin_note(report.origin):
        yield escaped(printable(note))


def _heading(text: str) -> str:
    return f"### {text}"


def _figures(report: Report) -> str:
    states = report.states
    found = [_("**{time}** active").format(time=duration(states.active_ms))]
    if difference := sentences.difference(report):
        found[0] += f" ({escaped(' '.join(difference))})"
    if report.range.count == 1 and report.days:
        found.append(sentences.first_last(report))
    found.append(_("{time} idle").format(time=duration(states.idle_ms)))
    if states.locked_ms:
        found.append(_("locked {time}").format(time=duration(states.locked_ms)))
    if longest := sentences.longest(report):
        time, what = longest
        text = _("longest stretch {time} ({what})").format(time=time, what=what)
        found.append(escaped(text))
    if report.stretches is not None and report.days:
        found.append(sentences.switches(report.stretches.switches))
    if len(report.hosts) > 1:
        found.append(sentences.computers(len(report.hosts)))
    return " · ".join(found)


def _shares(name: str, rows: list[tuple[str, int]]) -> str:
    whole = sum(ms for _label, ms in rows) or 1
    return _table(
        (name, _("Time"), _("Share")),
        ((label, duration(ms), escaped(sentences.share(ms, whole))) for label, ms in rows),
    )


def _applications(report: Report) -> Iterator[str]:
    rows = [(escaped(application_label(each.name)), each.ms) for each in report.applications]
    shown, rest = rows[:APPLICATIONS_SHOWN], rows[APPLICATIONS_SHOWN:]
    if rest:
        shown.append((sentences.others(len(rest)), sum(ms for _label, ms in rest)))
    yield _shares(_("Application"), shown)


def _titles(report: Report, titles: int) -> Iterator[str]:
    for each in report.applications[:APPLICATIONS_SHOWN]:
        if each.titles:
            yield f"- {escaped(application_label(each.name))}"
        for title in (each.titles or ())[:titles]:
            label = escaped(title_label(title.window_title))
            yield f"  - {label} \N{EM DASH} {duration(title.ms)}"


def _days(report: Report) -> Iterator[str]:
    rows: list[tuple[str, ...]]
    if report.range.count > DETAILED_DAYS:
        head = _("Month"), _("Active"), _("Active days")
        rows = [(each.label, duration(each.ms), str(each.days)) for each in months(report)]
        yield _heading(_("Months"))
    else:
        head = _("Date"), _("Active"), _("Start \N{EN DASH} end")
        dates = [sentences.short_date(date.fromisoformat(day.day)) for day in report.days]
        rows = [
            (name, duration(day.active_ms), sentences.edges(day))
            for name, day in zip(dates, report.days, strict=True)
        ]
        yield _heading(_("Days"))
    yield _table(head, rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table whose first column is text, and whose others are figures."""
    rule = ("---", *["---:"] * (len(head) - 1))
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
