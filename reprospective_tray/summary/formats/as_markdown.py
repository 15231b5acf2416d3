"""The report as Markdown, to be pasted into a daily note: CommonMark, with GitHub's tables."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from reprospective_tray.messages import _
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.figures.months import months
from reprospective_tray.summary.figures.report import DETAILED_DAYS, Report
from reprospective_tray.summary.format_text import (
    application_label,
    duration,
    figure_text,
    printable,
    title_label,
)
from reprospective_tray.summary.rounding import Figure, percentages, together

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
    if filtered := sentences.filtered_by(report):
        blocks.append(escaped(filtered))
    if report.is_empty:
        blocks.append(sentences.nothing_to_show(report))
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
        lines = shown.of_categories(report)
        rows = [
            (
                escaped(printable(line.full_label)),
                line.figure,
                sentences.share(line.percent, line.ms),
            )
            for line in lines
        ]
        yield _heading(_("Categories"))
        yield _shares(_("Category"), rows)
        if share := sentences.productive_share(lines):
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
    time = escaped(figure_text(shown.active(report)))
    found = [_("**{time}** active").format(time=time)]
    if more := " ".join(sentences.difference(report) or ()) or sentences.of_the_whole(report):
        found[0] += f" ({escaped(more)})"
    if report.range.count == 1 and report.days:
        found.append(sentences.first_last(report))
    if report.filter is None:
        found.append(escaped(_("{time} idle").format(time=duration(states.idle_ms))))
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


def _shares(name: str, rows: list[tuple[str, Figure, str]]) -> str:
    return _table(
        (name, _("Time"), _("Share")),
        ((label, escaped(figure_text(figure)), escaped(share)) for label, figure, share in rows),
    )


def _applications(report: Report) -> Iterator[str]:
    figures = shown.of_applications(report)
    lengths = [each.ms for each in report.applications]
    percents = percentages(lengths, sum(lengths))
    rows = [
        (escaped(application_label(each.name)), figure, sentences.share(percent, each.ms))
        for each, figure, percent in zip(report.applications, figures, percents, strict=True)
    ][:APPLICATIONS_SHOWN]
    if rest := figures[APPLICATIONS_SHOWN:]:
        share = sentences.share(
            sum(percents[APPLICATIONS_SHOWN:]), sum(lengths[APPLICATIONS_SHOWN:])
        )
        rows.append((sentences.others(len(rest)), together(rest), share))
    yield _shares(_("Application"), rows)


def _titles(report: Report, count: int) -> Iterator[str]:
    figures = shown.of_applications(report)[:APPLICATIONS_SHOWN]
    for each, figure in zip(report.applications, figures, strict=False):
        titles = (each.titles or ())[:count]
        if not titles:
            continue
        yield f"- {escaped(application_label(each.name))}"
        of_titles = shown.of_titles(each, figure)
        rows = [
            (title_label(title.window_title), of_title)
            for title, of_title in zip(titles, of_titles.listed, strict=False)
        ]
        for label, of_title in (*rows, *sentences.rest_of_titles(of_titles, count)):
            yield f"  - {escaped(label)} \N{EM DASH} {escaped(figure_text(of_title))}"


def _days(report: Report) -> Iterator[str]:
    rows: list[tuple[str, ...]]
    if report.range.count > DETAILED_DAYS:
        head = _("Month"), _("Active"), _("Active days")
        found = list(months(report))
        rows = [
            (each.label, escaped(figure_text(figure)), str(each.days))
            for each, figure in zip(found, shown.of_months(found, report), strict=True)
        ]
        yield _heading(_("Months"))
    else:
        head = _("Date"), _("Active"), _("Start \N{EN DASH} end")
        rows = [
            (
                sentences.short_date(date.fromisoformat(day.day)),
                escaped(figure_text(figure)),
                sentences.edges(day),
            )
            for day, figure in zip(report.days, shown.of_days(report), strict=True)
        ]
        yield _heading(_("Days"))
    yield _table(head, rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table whose first column is text, and whose others are figures."""
    rule = ("---", *["---:"] * (len(head) - 1))
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
