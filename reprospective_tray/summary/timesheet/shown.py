"""What a person reads of a time sheet: its minutes, which add up, its headings and notes. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from reprospective_tray.messages import _, plural
from reprospective_tray.store.model.sessions import DAY_MS, MINUTE_MS
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures.categories import OTHER_COLOUR, Category
from reprospective_tray.summary.format_text import (
    application_label,
    figure_text,
    printable,
    wall_time,
)
from reprospective_tray.summary.rounding import Figure
from reprospective_tray.summary.timesheet.parts import Part
from reprospective_tray.summary.timesheet.rounding import PER_CATEGORY, PER_DAY, rounded, share
from reprospective_tray.summary.timesheet.sheet import DAY, Row, TimeSheet

NOTHING = "\N{EN DASH}"
_APPLICATIONS_NAMED = 3


class Figures(Struct, frozen=True):
    """The figures of one line: ms in whole minutes, and the exact ms beside them."""

    tracked: int
    manual: int
    exact_tracked: int
    exact_manual: int
    rounded: int = 0
    amount: Decimal | None = None


class PartLine(Struct, frozen=True):
    """One line of what a row is made of: an entry, or what rules gave."""

    label: str
    when: str
    is_manual: bool
    figures: Figures


class RowLine(Struct, frozen=True):
    """One row; `lines` say what it is made of, `applications` what rules alone gave it."""

    label: str
    billable: bool
    figures: Figures
    lines: tuple[PartLine, ...]
    applications: str

    @property
    def name(self) -> str:
        """The label, and that it is not billable."""
        if self.billable:
            return self.label
        return _("{category} (not billable)").format(category=self.label)


class Section(Struct, frozen=True):
    """Rows under one heading: a day, a category, or the whole sheet (without a heading).

    `total` is there for several rows, where there are other sections. `uncategorised` is the time
    of the day that is in no row; empty for none.
    """

    heading: str
    rows: tuple[RowLine, ...]
    is_closed: bool = False
    uncategorised: str = ""
    total: Figures | None = None

    @property
    def name(self) -> str:
        """The heading, and that the day is closed."""
        if not self.is_closed:
            return self.heading
        return _("{day} (closed)").format(day=self.heading)


class Shown(Struct, frozen=True):
    """A time sheet as a person reads it; all minutes in it add up."""

    heading: str
    period: str
    sections: tuple[Section, ...]
    total: Figures
    uncategorised: str
    notes: tuple[str, ...]
    is_rounded: bool
    rate: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; the first one has texts, all others figures."""
        names = (_("What"), _("Measured"), _("Manual"), _("Total"))
        return names + (_("Rounded"),) * self.is_rounded + (self.rate,) * bool(self.rate)

    def cells(self, figures: Figures) -> tuple[str, ...]:
        """Return the figures of a row or of the total, one for each column of figures."""
        exact = figures.exact_tracked + figures.exact_manual
        return (
            time(figures.tracked, figures.exact_tracked),
            time(figures.manual, figures.exact_manual),
            time(figures.tracked + figures.manual, exact),
            *((rounded_time(figures.rounded),) * self.is_rounded),
            *((money(figures.amount),) * bool(self.rate)),
        )

    def part_cells(self, figures: Figures) -> tuple[str, ...]:
        """Return the figures of a part of a row: what was measured, and what is manual."""
        measured, manual, *others = self.cells(figures)
        return measured, manual, *("" for _other in others)

    def measured_cells(self, measured: str) -> tuple[str, ...]:
        """Return the cells of a line that only has measured time."""
        return measured, *("" for _other in self.columns[2:])


def show(sheet: TimeSheet) -> Shown:
    """Return what a person reads of `sheet`.

    Every time is cut or raised to whole minutes so that rows, columns and totals add up.
    """
    exact = [ms for row in sheet.rows for ms in (row.tracked_ms, row.manual_ms)]
    exact += sheet.uncategorised.values()
    minutes = share(rounded(sum(exact), MINUTE_MS), exact, MINUTE_MS)
    rows = [
        (row, _row_line(row, sheet, *minutes[2 * number : 2 * number + 2]))
        for number, row in enumerate(sheet.rows)
    ]
    uncategorised = dict(zip(sheet.uncategorised, minutes[2 * len(rows) :], strict=True))
    rest = sum(uncategorised.values())
    said = time(rest, sheet.uncategorised_ms) if sheet.uncategorised_ms else ""
    return Shown(
        heading=_("Time sheet"),
        period=" · ".join(_period(sheet)),
        sections=tuple(_with_totals(list(_sections(sheet, rows, uncategorised)))),
        total=_sum([line.figures for _row, line in rows]),
        uncategorised=said,
        notes=tuple(_notes(sheet, said)),
        is_rounded=sheet.rounding is not None,
        rate=_rate(sheet),
    )


def time(ms: int, exact: int) -> str:
    """Return whole minutes as text; `exact` tells nothing from less than a minute."""
    if ms:
        return figure_text(Figure(ms, MINUTE_MS))
    return _("<1 m") if exact else NOTHING


def rounded_time(ms: int) -> str:
    """Return a rounded time as text."""
    return figure_text(Figure(ms, MINUTE_MS)) if ms else NOTHING


def money(amount: Decimal | None) -> str:
    """Return an amount as text, without its currency."""
    return f"{amount:,}" if amount else NOTHING


def category_label(path: tuple[str, ...]) -> str:
    """Return a category in the language of the person."""
    return printable(Category(path, OTHER_COLOUR).full_label)


def created(now: datetime) -> str:
    """Return when a sheet was made."""
    return _("created {date}").format(date=sentences.date_name(now.date()))


def _with_totals(sections: Sequence[Section]) -> Iterator[Section]:
    for section in sections:
        figures = [row.figures for row in section.rows]
        says_more = min(len(sections), len(figures)) > 1
        yield replace(section, total=_sum(figures)) if says_more else section


def _sum(figures: Sequence[Figures]) -> Figures:
    amounts = [each.amount for each in figures if each.amount is not None]
    return Figures(
        sum(each.tracked for each in figures),
        sum(each.manual for each in figures),
        sum(each.exact_tracked for each in figures),
        sum(each.exact_manual for each in figures),
        sum(each.rounded for each in figures),
        sum(amounts, Decimal(0)),
    )


def _rate(sheet: TimeSheet) -> str:
    if sheet.rate is None:
        return ""
    price = f"{sheet.rate.an_hour.normalize():,f} {sheet.rate.currency}".rstrip()
    return _("{price} / h").format(price=price)


def _period(sheet: TimeSheet) -> Iterator[str]:
    yield sentences.short_range_name(sheet.range)
    rounding = sheet.rounding
    if rounding is None:
        return
    step = figure_text(Figure(rounding.step_ms, MINUTE_MS))
    if rounding.per == PER_DAY:
        text = _("rounded up per day to {step}") if rounding.up else _("rounded per day to {step}")
    elif rounding.per == PER_CATEGORY:
        text = _("rounded up per row to {step}") if rounding.up else _("rounded per row to {step}")
    else:
        text = (
            _("rounded up per entry to {step}") if rounding.up else _("rounded per entry to {step}")
        )
    yield text.format(step=step)


def _sections(
    sheet: TimeSheet, rows: Sequence[tuple[Row, RowLine]], uncategorised: dict[str, int]
) -> Iterator[Section]:
    if len(sheet.group) == 1:
        yield Section("", tuple(line for _row, line in rows))
        return
    if sheet.group[0] != DAY:
        for path in dict.fromkeys(row.path for row, _line in rows):
            lines = tuple(line for row, line in rows if row.path == path)
            yield Section(category_label(path), lines)
        return
    for day in sorted({row.day for row, _line in rows} | set(uncategorised)):
        yield Section(
            sentences.short_date(date.fromisoformat(day)),
            tuple(line for row, line in rows if row.day == day),
            day in sheet.closed_days,
            time(uncategorised[day], sheet.uncategorised[day]) if day in uncategorised else "",
        )


def _row_line(row: Row, sheet: TimeSheet, tracked: int, manual: int) -> RowLine:
    if sheet.group[-1] == DAY:
        label = sentences.short_date(date.fromisoformat(row.day))
        if row.day in sheet.closed_days:
            label = _("{day} (closed)").format(day=label)
    else:
        label = category_label(row.path)
    by_rule = [part for part in row.parts if part.entry is None]
    has_entries = len(by_rule) < len(row.parts)
    figures = Figures(tracked, manual, row.tracked_ms, row.manual_ms, row.rounded_ms, row.amount)
    return RowLine(
        label,
        row.billable,
        figures,
        tuple(_part_lines(row.parts, figures)) if has_entries else (),
        "" if has_entries else _applications(by_rule),
    )


def _part_lines(parts: Sequence[Part], whole: Figures) -> Iterator[PartLine]:
    tracked = share(whole.tracked, [part.tracked_ms for part in parts], MINUTE_MS)
    manual = share(whole.manual, [part.manual_ms for part in parts], MINUTE_MS)
    for part, measured, by_hand in zip(parts, tracked, manual, strict=True):
        figures = Figures(measured, by_hand, part.tracked_ms, part.manual_ms, part.rounded_ms)
        if part.entry is None:
            yield PartLine(_applications([part]), "", False, figures)
        else:
            label = printable(part.entry.note) or _("(no note)")
            yield PartLine(label, ", ".join(map(_span, part.spans)), not part.tracked_ms, figures)


def _span(span: tuple[int, int]) -> str:
    start, end = (f"{wall_time(ms, 0):%H:%M}" for ms in span)
    # A day ends at 24:00: 00:00 would be its beginning.
    if span[1] % DAY_MS == 0:
        end = "24:00"
    return f"{start} \N{EN DASH} {end}"


def _applications(parts: Sequence[Part]) -> str:
    names = list(dict.fromkeys(name for part in parts for name in part.applications))
    shown = [application_label(name) for name in names[:_APPLICATIONS_NAMED]]
    if rest := names[_APPLICATIONS_NAMED:]:
        shown.append(sentences.others(len(rest)))
    return ", ".join(shown)


def _notes(sheet: TimeSheet, uncategorised: str) -> Iterator[str]:
    if uncategorised:
        yield _("{time} of active time is uncategorised and not in the rows.").format(
            time=uncategorised
        )
    if sheet.closed_days:
        days = [sentences.short_date(date.fromisoformat(day)) for day in sheet.closed_days]
        if len(days) == sheet.range.count:
            one = len(days) == 1
            text = _("The day is closed.") if one else _("All {count} days are closed.")
            yield text.format(count=len(days))
        else:
            yield _("Closed days: {days}.").format(days="; ".join(days))
    origin = sheet.origin
    if origin.absent_days:
        text = plural(
            "Sessions of {count} day are only on the server: {problem} They go by rules without "
            "titles, and time of entries on that day is all manual.",
            "Sessions of {count} days are only on the server: {problem} They go by rules without "
            "titles, and time of entries on these days is all manual.",
            len(origin.absent_days),
        )
        yield text.format(count=len(origin.absent_days), problem=origin.problem)
