"""A year as a calendar of weeks: the darker a day, the more active."""

import tkinter as tk
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.comparison import week_of
from reprospective_tray.summary.format_text import (
    long_date,
    short_month_name,
    short_weekday_name,
)
from reprospective_tray.summary.widgets.panels.period_charts import HEIGHT, Point, shade
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface
from reprospective_tray.summary.year_view import DayShade

_SIDE = 14
_TOP = 40
_FOOT = 28
_WEEK = 7
_MONDAY = date(2024, 1, 1)


class YearMap(Surface):
    """A column for each week of a year, a row for each weekday; a click opens the day."""

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
        self._year = _MONDAY.year
        self._days: dict[date, DayShade] = {}
        self._open_day, self._point, self._leave = open_day, point, leave
        self.bind("<ButtonRelease-1>", self._click)
        self.bind("<Motion>", self._move)
        self.bind("<Leave>", lambda _event: leave())

    def show(self, year: int, days: tuple[DayShade, ...]) -> None:
        """Show the days of `year`, drawing only where they differ."""
        found = {each.day: each for each in days}
        if (year, found) != (self._year, self._days):
            self._year, self._days = year, found
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.panel(0, 0, width, height)
        side = look.px(_SIDE)
        self.text(side, look.px(21), _("Days of the year"), look.strong, palette.text)
        for weekday in range(_WEEK):
            _left, top, _right, bottom = self._cell(self._first() + timedelta(days=weekday))
            label = short_weekday_name(_MONDAY + timedelta(days=weekday))
            self.text(side, (top + bottom) // 2, label, look.small, palette.dim)
        free = 0
        for number in range((date(self._year, 12, 31) - date(self._year, 1, 1)).days + 1):
            day = date(self._year, 1, 1) + timedelta(days=number)
            known = self._days.get(day)
            colour = shade(palette.track, palette.accent, known.share if known else 0.0)
            cell = self._cell(day)
            self.create_rectangle(*cell, fill=colour, width=0)
            label = short_month_name(day.month)
            if day.day == 1 and cell[0] >= free and cell[0] + look.small.measure(label) < width:
                at = height - look.px(_FOOT) + look.px(11)
                self.text(cell[0], at, label, look.small, palette.dim)
                free = cell[0] + look.small.measure(label) + look.px(6)

    def _first(self) -> date:
        """Return the Monday of the first week."""
        return week_of(date(self._year, 1, 1)).first

    def _cell(self, day: date) -> tuple[int, int, int, int]:
        look = self.look
        names = [short_weekday_name(_MONDAY + timedelta(days=n)) for n in range(_WEEK)]
        left = look.px(_SIDE + 10) + max(map(look.small.measure, names))
        right, gap = self.winfo_width() - look.px(_SIDE), max(1, look.px(1))
        top, bottom = look.px(_TOP), self.winfo_height() - look.px(_FOOT)
        weeks = (date(self._year, 12, 31) - self._first()).days // _WEEK + 1
        week, weekday = divmod((day - self._first()).days, _WEEK)
        return (
            left + week * (right - left) // weeks,
            top + weekday * (bottom - top) // _WEEK,
            left + (week + 1) * (right - left) // weeks - gap,
            top + (weekday + 1) * (bottom - top) // _WEEK - gap,
        )

    def _day_at(self, x: int, y: int) -> DayShade | None:
        for day, known in self._days.items():
            left, top, right, bottom = self._cell(day)
            if left <= x <= right and top <= y <= bottom:
                return known
        return None

    def _click(self, event: Any) -> None:
        if known := self._day_at(event.x, event.y):
            self._leave()
            self._open_day(known.day)

    def _move(self, event: Any) -> None:
        known = self._day_at(event.x, event.y)
        self.configure(cursor="hand2" if known else "")
        if known is None:
            self._leave()
            return
        place = self.winfo_rootx() + event.x, self.winfo_rooty() + event.y
        self._point(*place, [long_date(known.day), known.time])
