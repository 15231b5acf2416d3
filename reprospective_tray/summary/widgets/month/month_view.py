"""MonthView: draws a month, Monday first, and knows what lies where in it."""

import tkinter as tk
from datetime import date

from reprospective_tray.messages import _
from reprospective_tray.summary.figures import month_grid
from reprospective_tray.summary.format_text import month_name, short_weekday_name
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface

TURN, PICK, TO_TODAY = "turn ", "pick", "today"
_CELL_WIDTH, _CELL_HEIGHT = 36, 34
_SIDE = 12
_HEAD = 48
_WEEKDAYS = 22
_FOOT = 40
_STEP = 30  # a sign of the head that leads to another month
_RADIUS = 6

Box = tuple[int, int, int, int]
Target = tuple[str, date]
"""What a click does: `TURN` with a number of months, `PICK` a day, or `TO_TODAY`."""


class MonthView(Surface):
    """The month of the day `at`; days after `today` are pale and lead nowhere."""

    def __init__(
        self, root: tk.Misc, look: WindowStyle, day: date, *, today: date, name: str
    ) -> None:
        """Make it `name` in `root`; the window stands at `day`."""
        self.width = 2 * look.px(_SIDE) + month_grid.WEEK * look.px(_CELL_WIDTH)
        rows = month_grid.WEEKS * look.px(_CELL_HEIGHT)
        self.height = look.px(_HEAD) + look.px(_WEEKDAYS) + rows + look.px(_FOOT)
        super().__init__(root, look, name=name, width=self.width, height=self.height, takefocus=1)
        self.today, self.stands_at, self.at = today, day, min(day, today)
        self.marked: set[date] = set()
        self.under: Target | None = None
        self._targets: list[tuple[Box, Target]] = []

    def holds(self, x: int, y: int) -> bool:
        """Tell whether a place lies within it."""
        return 0 <= x < self.width and 0 <= y < self.height

    def target(self, x: int, y: int) -> Target | None:
        """Return what a click on a place does; None: nothing."""
        for (left, top, right, bottom), target in self._targets:
            if left <= x < right and top <= y < bottom:
                return target
        return None

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.rounded(
            *(0, 0, width, height),
            radius=look.px(8),
            fill=palette.surface,
            line=palette.thumb,
        )
        self._targets = []
        self._draw_head(width)
        left, top = look.px(_SIDE), look.px(_HEAD)
        cell, row = look.px(_CELL_WIDTH), look.px(_CELL_HEIGHT)
        weeks = month_grid.weeks(self.at)
        for column, day in enumerate(weeks[0]):
            assert day is not None
            x, y = left + column * cell + cell // 2, top + look.px(_WEEKDAYS) // 2
            self.text(x, y, short_weekday_name(day), look.small, palette.dim, side="center")
        top += look.px(_WEEKDAYS)
        for line, week in enumerate(weeks):
            for column, day in enumerate(week):
                if day is not None:
                    x, y = left + column * cell, top + line * row
                    self._draw_day(day, (x, y, x + cell, y + row))
        self._draw_foot(width, height)

    def _draw_head(self, width: int) -> None:
        look, palette = self.look, self.look.palette
        middle = look.px(_HEAD) // 2 + look.px(2)
        later = month_grid.has_later_month(self.at, self.today)
        earlier = month_grid.has_earlier_month(self.at)
        step, side = look.px(_STEP), look.px(_SIDE)
        for place, sign, by, leads in (
            (0, "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}", -month_grid.YEAR, earlier),
            (1, "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", -1, earlier),
            (-2, "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", 1, later),
            (-1, "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}", month_grid.YEAR, later),
        ):
            x = side + place * step if place >= 0 else width - side + place * step
            box = x, middle - step // 2, x + step, middle + step // 2
            target = f"{TURN}{by}", date.min
            if leads:
                self._targets.append((box, target))
                if self.under == target:
                    self.rounded(
                        *box, radius=look.px(_RADIUS), fill=palette.selected, ground=palette.surface
                    )
            colour = palette.text if leads else palette.disabled
            self.text(x + step // 2, middle, sign, look.lead, colour, side="center")
        name = _("{month} {year}").format(month=month_name(self.at.month), year=self.at.year)
        room = width - 2 * (side + 2 * step)
        self.text(width // 2, middle, name, look.strong, palette.text, width=room, side="center")

    def _draw_day(self, day: date, box: Box) -> None:
        look, palette = self.look, self.look.palette
        inset = look.px(1)
        left, top, right, bottom = box
        inner = left + inset, top + inset, right - inset, bottom - inset
        target = PICK, day
        is_open, is_at = day <= self.today, day == self.at
        is_of_month = day.month == self.at.month
        colour = palette.text if is_of_month else palette.dim
        if is_open:
            self._targets.append((box, target))
        else:
            colour = palette.disabled
        fill, line = "", ""
        if is_at:
            fill, colour = palette.accent, palette.on_accent
        elif is_open and (self.under == target or day == self.stands_at):
            fill = palette.selected
        if day == self.today and not is_at:
            line = palette.accent
        if fill or line:
            self.rounded(
                *inner,
                radius=look.px(_RADIUS),
                fill=fill or palette.surface,
                line=line,
                ground=palette.surface,
            )
        font = look.strong if day == self.today or is_at else look.body
        middle = (left + right) // 2
        self.text(
            middle, (top + bottom) // 2 - look.px(2), str(day.day), font, colour, side="center"
        )
        if day in self.marked:
            size = look.px(4)
            mark = palette.accent if is_of_month else palette.thumb
            self.dot(
                middle - size // 2,
                bottom - look.px(7),
                size,
                palette.on_accent if is_at else mark,
                radius=size // 2,
                tag=f"mark:{day}",
            )

    def _draw_foot(self, width: int, height: int) -> None:
        look, palette = self.look, self.look.palette
        top, side = height - look.px(_FOOT), look.px(_SIDE)
        line = top + look.px(4)
        self.create_line(side, line, width - side, line, fill=palette.border, width=look.px(1))
        word, target = _("Today"), (TO_TODAY, self.today)
        middle = (line + height) // 2
        half = look.body.measure(word) // 2 + look.px(10), look.px(13)
        box = width // 2 - half[0], middle - half[1], width // 2 + half[0], middle + half[1]
        self._targets.append((box, target))
        colour = palette.accent
        if self.under == target:
            colour = palette.text
            self.rounded(
                *box, radius=look.px(_RADIUS), fill=palette.selected, ground=palette.surface
            )
        self.text(width // 2, middle, word, look.body, colour, side="center")
