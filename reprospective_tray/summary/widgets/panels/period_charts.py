"""A bar for each day of a week or month, or each month of a year; the hours as a heat map."""

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.categories import OTHER_COLOUR
from reprospective_tray.summary.figures.shown import HOURS_A_DAY, WEEKDAYS
from reprospective_tray.summary.period_bars import PeriodBar
from reprospective_tray.summary.view_model import HeatRow, LegendEntry, PeriodView
from reprospective_tray.summary.widgets.controls import RETURN_KEYS
from reprospective_tray.summary.widgets.panels.legend import (
    LINE_HEIGHT,
    DrawnLegend,
    draw_legend,
)
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface, figures_width, is_focused

HEIGHT = 208
_SIDE = 14
_TOP = 54
_LEGEND_LINES = 2
_FOOT = 28
_TREND = 16
_WIDEST_BAR = 40
_HOURS_STEP = 3
_DAYS_STEP = 5
_LABEL_GAP = 3
_MARK_TOP = 36
_TOLD_ABOVE = 14
_ALL = 1000
Point = Callable[[int, int, Sequence[str]], object]


class DayBars(Surface):
    """A bar for each day or month, stacked by category; a click or Return opens it."""

    def __init__(
        self,
        parent: tk.Misc,
        look: WindowStyle,
        *,
        open_day: Callable[[date], object],
        point: Point,
        leave: Callable[[], object],
    ) -> None:
        """Take what opens a day, and what shows and hides lines over the window."""
        super().__init__(parent, look, width=1, height=look.px(HEIGHT))
        self._bars: tuple[PeriodBar, ...] = ()
        self._legend: tuple[LegendEntry, ...] = ()
        self._drawn_legend = DrawnLegend()
        self._productive = ""
        self._open_day = open_day
        self._point = point
        self._leave = leave
        self._marked: int | None = None
        self._tells_mark = False
        self.take_focus()
        self.bind("<ButtonRelease-1>", self._click)
        self.bind("<Motion>", self._move)
        for gone in ("<Leave>", "<FocusOut>"):
            self.bind(gone, lambda _event: leave(), add=True)
        for key, steps in {"<Left>": -1, "<Right>": 1, "<Home>": -_ALL, "<End>": _ALL}.items():
            self.bind(key, lambda _event, steps=steps: self._walk(steps))  # type: ignore[misc]
        for key in RETURN_KEYS:
            self.bind(key, lambda _event: self._open_marked())

    def show(self, view: PeriodView) -> None:
        """Show the days of `view`, drawing only where they differ."""
        shown = view.day_bars, view.legend, view.productive
        if shown != (self._bars, self._legend, self._productive):
            if [bar.day for bar in view.day_bars] != [bar.day for bar in self._bars]:
                self._marked = None
            self._bars, self._legend, self._productive = shown
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.panel(0, 0, width, height)
        trends = any(bar.trend for bar in self._bars)
        legend = self._drawn_legend = draw_legend(
            self,
            look.px(21),
            self._legend,
            self._productive,
            side=look.px(_SIDE),
            most_lines=_LEGEND_LINES if height >= look.px(HEIGHT) else 1,
            rest_colour=OTHER_COLOUR,
        )
        floor = height - look.px(_FOOT + _TREND if trends else _FOOT)
        room = floor - look.px(_TOP + (legend.lines - 1) * LINE_HEIGHT)
        widest = max((look.small.measure(bar.label) for bar in self._bars), default=0)
        slot = (width - 2 * look.px(_SIDE)) // max(1, len(self._bars))
        step = 1 if widest + look.px(_LABEL_GAP) <= slot else _DAYS_STEP
        for number, bar in enumerate(self._bars):
            left, right = self._slot(number)
            middle = (left + right) // 2
            if number == self._marked and is_focused(self):
                self._draw_mark(bar, left, right, floor)
            half = min(look.px(_WIDEST_BAR), (right - left) * 7 // 10) // 2
            self.create_rectangle(
                middle - half, floor - look.px(2), middle + half, floor, fill=palette.track, width=0
            )
            self._draw_parts(bar, middle - half, middle + half, floor, room)
            top = floor - round(sum(share for share, _colour in bar.parts) * room)
            if bar.time and figures_width(look.small, bar.time) <= right - left:
                width_of_time = figures_width(look.small, bar.time)
                self.figures(
                    middle - width_of_time // 2, top - look.px(9), bar.time, look.small, palette.dim
                )
            if number % step == 0:
                self.text(
                    middle, floor + look.px(13), bar.label, look.small, palette.dim, side="center"
                )
            if bar.trend:
                rose = bar.trend.startswith("\N{BLACK UP-POINTING TRIANGLE}")
                colour = palette.more if rose else palette.less
                fits = look.small.measure(bar.trend) <= right - left
                at = floor + look.px(13 + _TREND)
                trend = bar.trend if fits else bar.trend[0]
                self.text(middle, at, trend, look.small, colour, side="center")

    def _draw_mark(self, bar: PeriodBar, left: int, right: int, floor: int) -> None:
        """Draw the ground of the marked bar, and say its time where a key has led to it."""
        look, palette = self.look, self.look.palette
        top, bottom = look.px(_MARK_TOP), floor + look.px(_FOOT - 4)
        self.rounded(
            *(left, top, right, bottom),
            radius=look.px(5), fill=palette.selected, ground=palette.surface,
        )  # fmt: skip
        if self._tells_mark:
            self._tells_mark = False
            self._tell(bar, (left + right) // 2, bottom - look.px(_TOLD_ABOVE))

    def _walk(self, steps: int) -> str:
        if self._bars:
            marked = self._marked
            if marked is None:
                marked = -1 if steps > 0 else len(self._bars)
            self._marked = min(max(0, marked + steps), len(self._bars) - 1)
            self._tells_mark = True
            self.redraw()
        return "break"

    def _open_marked(self) -> None:
        if self._marked is not None:
            self._leave()
            self._open_day(self._bars[self._marked].day)

    def _draw_parts(self, bar: PeriodBar, left: int, right: int, floor: int, room: int) -> None:
        palette, bottom, height = self.look.palette, floor, 0.0
        for share, colour in self._coloured(bar):
            height += share * room
            top = floor - round(height)
            if bottom > top:
                self.create_rectangle(left, top, right, bottom, fill=colour, width=0)
            bottom = top
        if floor - bottom >= 2 * self.look.px(4):
            for x, side in ((left, "nw"), (right, "ne")):
                self.corner(x, bottom, side, radius=self.look.px(4), ground=palette.surface)

    def _coloured(self, bar: PeriodBar) -> list[tuple[float, str]]:
        """Return the parts of a bar: those without a name in the legend are one part on top."""
        named = {entry.colour for entry in self._drawn_legend.named}
        parts = [part for part in bar.parts if part[1] in named]
        rest = sum(share for share, colour in bar.parts if colour not in named)
        return [*parts, (rest, OTHER_COLOUR)] if rest else parts

    def _slot(self, number: int) -> tuple[int, int]:
        side, count = self.look.px(_SIDE), max(1, len(self._bars))
        room = self.winfo_width() - 2 * side
        return side + number * room // count, side + (number + 1) * room // count

    def _bar_at(self, x: int, y: int) -> PeriodBar | None:
        if y < self.look.px(34 + (self._drawn_legend.lines - 1) * LINE_HEIGHT):
            return None
        for number, bar in enumerate(self._bars):
            left, right = self._slot(number)
            if left <= x < right:
                return bar
        return None

    def _click(self, event: Any) -> None:
        if bar := self._bar_at(event.x, event.y):
            self._leave()
            self._open_day(bar.day)

    def _move(self, event: Any) -> None:
        place = self.winfo_rootx() + event.x, self.winfo_rooty() + event.y
        if rest := self._drawn_legend.rest_at(event.x, event.y):
            self._point(*place, rest)
            return
        bar = self._bar_at(event.x, event.y)
        self.configure(cursor="hand2" if bar else "")
        if bar is None:
            self._leave()
        else:
            self._tell(bar, event.x, event.y)

    def _tell(self, bar: PeriodBar, x: int, y: int) -> None:
        """Show what is said of a bar at a place of the canvas."""
        self._point(self.winfo_rootx() + x, self.winfo_rooty() + y, bar.words)


class HeatMap(Surface):
    """The hours of the weekdays: the darker, the more active; the arrow keys walk over them."""

    def __init__(
        self, parent: tk.Misc, look: WindowStyle, *, point: Point, leave: Callable[[], object]
    ) -> None:
        """Take what shows and hides lines over the window."""
        super().__init__(parent, look, width=1, height=look.px(HEIGHT))
        self._rows: tuple[HeatRow, ...] = ()
        self._point = point
        self._leave = leave
        self._marked: tuple[int, int] | None = None
        self._tells_mark = False
        self.take_focus()
        self.bind("<Motion>", self._move)
        for gone in ("<Leave>", "<FocusOut>"):
            self.bind(gone, lambda _event: leave(), add=True)
        rows, hours = {"<Up>": -1, "<Down>": 1}, {"<Left>": -1, "<Right>": 1}
        hours |= {"<Home>": -HOURS_A_DAY, "<End>": HOURS_A_DAY}
        by_key = {key: (by, 0) for key, by in rows.items()}
        for key, steps in (by_key | {key: (0, by) for key, by in hours.items()}).items():
            self.bind(key, lambda _event, steps=steps: self._walk(*steps))  # type: ignore[misc]

    def show(self, rows: tuple[HeatRow, ...]) -> None:
        """Show `rows`, drawing only where they differ."""
        if rows != self._rows:
            self._rows = rows
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.panel(0, 0, width, height)
        side = look.px(_SIDE)
        self.text(side, look.px(21), _("Hours of the week"), look.strong, palette.text)
        if not self._rows:
            self.text(side, look.px(60), _("No hours to show"), look.body, palette.dim)
            return
        for number, row in enumerate(self._rows):
            _left, top, _right, bottom = self._cell(number, 0)
            self.text(side, (top + bottom) // 2, row.label, look.small, palette.dim)
            for hour, share in enumerate(row.shares):
                self.create_rectangle(
                    *self._cell(number, hour),
                    fill=shade(palette.track, palette.accent, share),
                    width=0,
                )
        for hour in range(0, HOURS_A_DAY, _HOURS_STEP):
            left, _top, right, bottom = self._cell(WEEKDAYS - 1, hour)
            middle = (left + right) // 2
            self.text(
                middle, bottom + look.px(11), str(hour), look.small, palette.dim, side="center"
            )
        if self._marked is not None and is_focused(self):
            self._draw_mark(*self._marked)

    def _draw_mark(self, number: int, hour: int) -> None:
        """Draw a frame around the marked hour, and say its time where a key has led to it."""
        look = self.look
        left, top, right, bottom = self._cell(number, hour)
        thick = max(2, look.px(2))
        self.create_rectangle(left, top, right, bottom, outline=look.palette.text, width=thick)
        if self._tells_mark:
            self._tells_mark = False
            self._tell(number, hour, (left + right) // 2, bottom - look.px(_TOLD_ABOVE))

    def _walk(self, rows: int, hours: int) -> str:
        if self._rows:
            number, hour = self._marked or (0, 0)
            if self._marked is not None:
                number = min(max(0, number + rows), WEEKDAYS - 1)
                hour = min(max(0, hour + hours), HOURS_A_DAY - 1)
            self._marked, self._tells_mark = (number, hour), True
            self.redraw()
        return "break"

    def _cell(self, row: int, hour: int) -> tuple[int, int, int, int]:
        look = self.look
        label = max((look.small.measure(each.label) for each in self._rows), default=0)
        left, right = look.px(_SIDE + 10) + label, self.winfo_width() - look.px(_SIDE)
        top, bottom = look.px(40), self.winfo_height() - look.px(_FOOT)
        gap = look.px(2)
        return (
            left + hour * (right - left) // HOURS_A_DAY,
            top + row * (bottom - top) // WEEKDAYS,
            left + (hour + 1) * (right - left) // HOURS_A_DAY - gap,
            top + (row + 1) * (bottom - top) // WEEKDAYS - gap,
        )

    def _move(self, event: Any) -> None:
        for number, row in enumerate(self._rows):
            for hour, time in enumerate(row.times):
                left, top, right, bottom = self._cell(number, hour)
                if time and left <= event.x <= right and top <= event.y <= bottom:
                    self._tell(number, hour, event.x, event.y)
                    return
        self._leave()

    def _tell(self, number: int, hour: int, x: int, y: int) -> None:
        """Show the time of an hour at a place of the canvas."""
        row = self._rows[number]
        when = f"{row.label} {hour}:00 \N{EN DASH} {hour + 1}:00"
        time = row.times[hour] or _("nothing recorded")
        self._point(self.winfo_rootx() + x, self.winfo_rooty() + y, [when, time])


def shade(ground: str, colour: str, share: float) -> str:
    """Return the colour between `ground` and `colour`; what is there at all can be seen."""
    if share <= 0:
        return ground
    part = 0.15 + 0.85 * share
    mixed = (
        round(int(ground[n : n + 2], 16) * (1 - part) + int(colour[n : n + 2], 16) * part)
        for n in (1, 3, 5)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)
