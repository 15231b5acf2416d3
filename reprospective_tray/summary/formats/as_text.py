"""The report as text for a terminal: figures first, then where the time went."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TextIO

from reprospective_tray.messages import _
from reprospective_tray.summary import sentences as words
from reprospective_tray.summary.figures import shown
from reprospective_tray.summary.figures.categories import SEPARATOR
from reprospective_tray.summary.figures.months import months
from reprospective_tray.summary.figures.report import DETAILED_DAYS, ApplicationReport, Report
from reprospective_tray.summary.format_text import (
    application_label,
    columns,
    duration,
    figure_text,
    fit,
    fit_path,
    printable,
    right,
    title_label,
    wrap,
)
from reprospective_tray.summary.rounding import Figure, together

TITLES_SHOWN = 3
APPLICATIONS_SHOWN = 15
_NARROWEST = 40
_WIDEST = 110
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_INDENT, _DEEPEST = "  ", 3
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_BOLD, _DIM, _BLUE, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"


def wants_colour(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether `stream` is a terminal that shows colour, and nobody said NO_COLOR."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def has_true_colour(environment: Mapping[str, str]) -> bool:
    """Tell whether the terminal says that it shows any colour, not only those of its own."""
    return environment.get("COLORTERM") in {"truecolor", "24bit"}


def render(
    report: Report,
    *,
    width: int = 80,
    colour: bool = False,
    true_colour: bool = False,
    titles: int | None = None,
) -> str:
    """Return the report as text that ends with a newline.

    Args:
        report: The figures.
        width: The columns of the terminal: no line is wider.
        colour: Whether to style it with escape sequences.
        true_colour: With `colour`: whether bars have the colours of their categories.
        titles: The most titles an application shows, `TITLES_SHOWN` without it.
    """
    writer = _Writer(
        max(_NARROWEST, min(width, _WIDEST)), colour=colour, true_colour=colour and true_colour
    )
    writer.write(report, TITLES_SHOWN if titles is None else titles)
    return "\n".join(writer.lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure, what it is, and a word on it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """A name, its bar in a colour (``#rrggbb``, or the terminal's), its time, and what is below."""

    name: str
    ms: int
    figure: Figure
    colour: str = ""
    below: tuple[tuple[str, Figure], ...] = ()

    @property
    def time(self) -> str:
        return figure_text(self.figure)


class _Writer:
    def __init__(self, width: int, *, colour: bool, true_colour: bool) -> None:
        self.lines: list[str] = []
        self._width = width
        self._colour = colour
        self._true_colour = true_colour

    def write(self, report: Report, titles: int) -> None:
        self._heading(words.short_range_name(report.range))
        if filtered := words.filtered_by(report):
            self._note(filtered)
        self.lines.append("")
        if report.is_empty:
            self._empty(report)
            return
        self._figures(list(_figures(report)))
        if report.range.count > 1 and report.days:
            self._days(report)
        if report.categories:
            self._categories(report)
        if report.applications:
            self._applications(report, titles)
        if report.hours:
            self._hours(report)
        if report.hours is None:
            self.lines.append("")
            self._note(words.why_no_details())
        if note := words.origin_note(report.origin):
            self.lines.append("")
            self._note(printable(note))

    def _styled(self, code: str, text: str) -> str:
        return f"{code}{text}{_PLAIN}" if self._colour and text else text

    def _dim(self, text: str) -> str:
        return self._styled(_DIM, text)

    def _heading(self, text: str) -> None:
        if self.lines:
            self.lines.append("")
        self.lines.append(self._styled(_BOLD, fit(text, self._width).rstrip()))

    def _note(self, text: str) -> None:
        self.lines += [self._dim(line) for line in wrap(text, self._width)]

    def _empty(self, report: Report) -> None:
        sentences = [words.nothing_to_show(report)]
        if report.filter is None:
            sentences += [
                _("Show another day with: reprospective-tray report --date YYYY-MM-DD"),
                _("Start recording with: reprospective-tray run"),
            ]
        self.lines += [line for sentence in sentences for line in wrap(sentence, self._width)]

    def _figures(self, figures: Sequence[_Figure]) -> None:
        label_width = max(columns(figure.label) for figure in figures)
        value_width = max((columns(figure.value) for figure in figures if figure.note), default=0)
        for figure in figures:
            room = self._width - label_width - 2
            label = self._dim(fit(figure.label, label_width))
            if not figure.note:
                value = fit(figure.value, room).rstrip()
                self.lines.append(f"{label}  {self._styled(_BOLD, value)}")
                continue
            value = self._styled(_BOLD, fit(figure.value, value_width))
            note = self._dim(fit(figure.note, room - value_width - 2).rstrip())
            self.lines.append(f"{label}  {value}  {note}")

    def _days(self, report: Report) -> None:
        if report.range.count <= DETAILED_DAYS:
            self._heading(_("Days"))
            days = zip(report.days, shown.of_days(report), strict=True)
            self._bars([_Row(day.day, day.active_ms, figure) for day, figure in days])
        else:
            self._heading(_("Months"))
            found = list(months(report))
            figures = zip(found, shown.of_months(found, report), strict=True)
            self._bars([_Row(month.label, month.ms, figure) for month, figure in figures])

    def _categories(self, report: Report) -> None:
        self._heading(_("Categories"))
        lines = shown.of_categories(report)
        self._bars(
            [
                _Row(
                    _INDENT * min(line.depth, _DEEPEST) + printable(line.label),
                    line.ms,
                    line.figure,
                    line.category.colour if line.category else "",
                )
                for line in lines
            ],
            fit_name=partial(fit_path, separator=SEPARATOR),
        )
        if share := words.productive_share(lines):
            self._note(share)

    def _applications(self, report: Report, titles: int) -> None:
        figures = shown.of_applications(report)
        self._heading(_("Applications"))
        self._bars(
            [
                _Row(
                    application_label(each.name),
                    each.ms,
                    figure,
                    each.category.colour,
                    tuple(_titles(each, figure, titles)),
                )
                for each, figure in zip(
                    report.applications[:APPLICATIONS_SHOWN], figures, strict=False
                )
            ]
        )
        if rest := figures[APPLICATIONS_SHOWN:]:
            self._note(words.and_more(len(rest), together(rest)))

    def _bars(self, rows: Sequence[_Row], fit_name: Callable[[str, int], str] = fit) -> None:
        times = [row.time for row in rows]
        times += [figure_text(figure) for row in rows for _title, figure in row.below]
        time_width = max(map(columns, times))
        name_width = min(max(columns(row.name) for row in rows), self._width // 3)
        bar_width = self._width - name_width - time_width - 4
        longest = max(row.ms for row in rows) or 1
        for row in rows:
            bar = fit(_bar(row.ms / longest, bar_width), bar_width)
            bar = self._styled(self._code(row.colour), bar)
            time = right(row.time, time_width)
            self.lines.append(f"{fit_name(row.name, name_width)}  {bar}  {time}")
            for title, figure in row.below:
                room = self._width - time_width - 4
                line = f"  {fit(title, room)}  {right(figure_text(figure), time_width)}"
                self.lines.append(self._dim(line))

    def _code(self, colour: str) -> str:
        """Return what sets the colour of a bar."""
        if not (self._true_colour and colour):
            return _BLUE
        red, green, blue = bytes.fromhex(colour[1:7])
        return f"\x1b[38;2;{red};{green};{blue}m"

    def _hours(self, report: Report) -> None:
        by_hour: dict[int, int] = defaultdict(int)
        for hour in report.hours or ():
            by_hour[hour.start.hour] += hour.active_ms
        hours = range(min(by_hour), max(by_hour) + 1)
        most = max(by_hour.values())
        # Three columns an hour; where they do not fit, one, and a number every third.
        step = 3 if len(hours) * 3 <= self._width else 1
        strip = "".join(
            _height(by_hour[hour] / most) * max(1, step - 1) + " " * (step > 1) for hour in hours
        )
        if step > 1:
            scale = "".join(f"{hour:<3}" for hour in hours)
        else:
            scale = "".join(f"{hour:<3}" for hour in hours[::3])
        self._heading(_("Hours"))
        self.lines += [self._styled(_BLUE, strip.rstrip()), self._dim(scale.rstrip())]


def _figures(report: Report) -> Iterator[_Figure]:
    states = report.states
    note = " ".join(words.difference(report) or ()) or words.of_the_whole(report)
    yield _Figure(words.active_label(report), figure_text(shown.active(report)), note)
    if report.filter is None:
        yield _Figure(_("Idle time"), duration(states.idle_ms))
    if states.locked_ms:
        yield _Figure(_("Locked"), duration(states.locked_ms))
    if report.range.count == 1 and report.days:
        yield _Figure(_("Start \N{EN DASH} end"), words.first_last(report))
    elif report.days:
        average = duration(states.active_ms // len(report.days))
        yield _Figure(_("Daily average"), average, words.on_days(len(report.days)))
    if longest := words.longest(report):
        yield _Figure(_("Longest stretch"), *longest)
    if report.stretches is not None and report.days:
        rate = words.switches_an_hour(report)
        yield _Figure(_("Switches"), f"{report.stretches.switches:,}", rate)
    if len(report.hosts) > 1:
        yield _Figure(_("Computers"), ", ".join(map(application_label, report.hosts)))


def _titles(
    application: ApplicationReport, figure: Figure, count: int
) -> Iterator[tuple[str, Figure]]:
    """Yield the first `count` titles and what is left out, each with its time."""
    figures = shown.of_titles(application, figure)
    titles = (application.titles or ())[:count]
    for title, of_title in zip(titles, figures.listed, strict=False):
        yield title_label(title.window_title), of_title
    if titles:
        yield from words.rest_of_titles(figures, count)


def _bar(share: float, width: int) -> str:
    eighths = max(1, round(share * width * 8)) if share > 0 else 0
    full, part = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[part] if part else "")


def _height(share: float) -> str:
    return _HEIGHTS[max(1, round(share * 8)) if share > 0 else 0]
