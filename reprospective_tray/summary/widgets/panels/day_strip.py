"""The timeline of a day: what was in front when, zoomed and moved by mouse and keys.

Where there is room, each category has a lane of its own below.
"""

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import DAY_MS, State
from reprospective_tray.summary.figures import timeline
from reprospective_tray.summary.figures.timeline import Block, BlockStyle, Run, Strip
from reprospective_tray.summary.format_text import application_label, duration, title_label
from reprospective_tray.summary.session_list import state_label, times
from reprospective_tray.summary.view_model import LegendEntry, PeriodView
from reprospective_tray.summary.widgets.panels.block_mark import BlockMark
from reprospective_tray.summary.widgets.panels.legend import DrawnLegend, draw_legend
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface, is_focused

if TYPE_CHECKING:
    from reprospective_tray.summary.figures.categories import Category

HEIGHT = 114
_SIDE = 14
_TOP = 38
_STRIP_HEIGHT = 44
_LANE_GAP = 3
_CATEGORY_GAP = 6
_CATEGORY_HEIGHT = 14
_MOST_CATEGORIES = 8
_AXIS = 30
_ZOOM = 0.8
_HATCH = 6
_NEAR_PX = 3
_LABEL_ROOM = 70
_TOLD_ABOVE = 14


class DayStrip(Surface):
    """The panel with legend, strip and hours."""

    def __init__(
        self,
        parent: tk.Misc,
        look: WindowStyle,
        point: Callable[[int, int, Sequence[str]], object],
        leave: Callable[[], object],
    ) -> None:
        """Take what shows lines at a place of the window, and what hides them."""
        super().__init__(parent, look, height=look.px(HEIGHT))
        self._legend: tuple[LegendEntry, ...] = ()
        self._drawn_legend = DrawnLegend()
        self._productive = ""
        self._strip = Strip((), (), (), 0, DAY_MS)
        self._days: DayRange | None = None
        self._view: tuple[float, float] = (0, DAY_MS)
        self._is_zoomed = False
        self._is_tall = False
        self._categories: tuple[Category, ...] = ()
        self._pictures: list[tk.PhotoImage] = []  # Tk lets go of what Python does not hold
        self._dragged_from: tuple[int, tuple[float, float]] | None = None
        self._point = point
        self._leave = leave
        self._mark = BlockMark(self, lambda: (self._strip, self._view), self._come_to)
        self._tells_mark = False
        self.take_focus()
        bindings: dict[str, Callable[[Any], object]] = {
            "<Button-4>": lambda event: self._zoom(event.x, _ZOOM),
            "<Button-5>": lambda event: self._zoom(event.x, 1 / _ZOOM),
            "<MouseWheel>": lambda event: self._zoom(
                event.x, _ZOOM if event.delta > 0 else 1 / _ZOOM
            ),
            "<ButtonPress-1>": self._press,
            "<B1-Motion>": self._drag,
            "<ButtonRelease-1>": lambda _event: self.configure(cursor=""),
            "<Double-Button-1>": lambda _event: self.show_all(),
            "<Motion>": self._move,
            "<Leave>": lambda _event: leave(),
            "<FocusOut>": lambda _event: leave(),
        }
        for sequence, action in bindings.items():
            self.bind(sequence, action, add=True)

    def show(self, view: PeriodView, days: DayRange) -> None:
        """Show the strip of `view`; a zoom stays as long as it is the same day."""
        assert view.strip is not None
        shown = (view.legend, view.productive, view.strip, days)
        if shown == (self._legend, self._productive, self._strip, self._days):
            return
        same_day = self._days == days
        self._legend, self._productive, self._strip, self._days = shown
        if same_day and self._is_zoomed:
            self._view = timeline.panned(self._view, self._whole, 0)
        else:
            self._view, self._is_zoomed = self._whole, False
        self._fit()

    def make_tall(self, is_tall: bool) -> None:
        """Show a lane for each category, or none."""
        if is_tall != self._is_tall:
            self._is_tall = is_tall
            self._fit()

    def _fit(self) -> None:
        """Take the height that what is shown needs."""
        found = timeline.categories_of(self._strip) if self._is_tall else ()
        self._categories = found[:_MOST_CATEGORIES] if len(found) > 1 else ()
        hosts = len(self._strip.lanes)
        extra = max(0, hosts * 20 + (hosts - 1) * _LANE_GAP - _STRIP_HEIGHT)
        extra += len(self._categories) * (_CATEGORY_HEIGHT + _CATEGORY_GAP)
        self.configure(height=self.look.px(HEIGHT + extra))
        self.redraw()

    def show_all(self) -> None:
        """Show the whole day again."""
        self._view, self._is_zoomed = self._whole, False
        self.redraw()

    def zoom_in(self) -> None:
        """Show less, about the marked block, or about the middle of what is in view."""
        self._zoom_by_key(_ZOOM)

    def zoom_out(self) -> None:
        """Show more; see `zoom_in`."""
        self._zoom_by_key(1 / _ZOOM)

    @property
    def view(self) -> tuple[float, float]:
        """What is in view, from and until, in lived ms."""
        return self._view

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.panel(0, 0, width, height)
        self._drawn_legend = draw_legend(
            self, look.px(21), self._legend, self._productive, side=look.px(_SIDE)
        )
        left, right = self._extent()
        top, bottom = self._main()
        begin, end = self._view
        found = timeline.runs(self._strip, round(begin), round(end), right - left)
        self._pictures.clear()
        self._draw_strip(found, left, top, right, bottom)
        self.corners(*(left, top, right, bottom), radius=look.px(5), ground=palette.surface)
        for category, (upper, lower) in zip(self._categories, self._category_lanes(), strict=True):
            row = [palette.track] * (right - left)
            for run in found:
                if run.look.is_found and run.look.category == category:
                    row[run.left : run.right] = [category.colour] * (run.right - run.left)
            self._draw_rows([(row, 0, lower - upper)], left, upper, right, lower)
            self.corners(*(left, upper, right, lower), radius=look.px(3), ground=palette.surface)
        self._draw_hours(left, right, height - look.px(_AXIS) + look.px(11))
        block = self._mark.block
        if block is not None and is_focused(self):
            self._draw_mark(block)

    def _main(self) -> tuple[int, int]:
        """Return top and bottom of the strip of all that was in front."""
        below = len(self._categories) * self.look.px(_CATEGORY_HEIGHT + _CATEGORY_GAP)
        return self.look.px(_TOP), self.winfo_height() - self.look.px(_AXIS + 2) - below

    def _category_lanes(self) -> list[tuple[int, int]]:
        """Return top and bottom of the lane of each category."""
        step, height = (
            self.look.px(_CATEGORY_HEIGHT + _CATEGORY_GAP),
            self.look.px(_CATEGORY_HEIGHT),
        )
        first = self._main()[1] + self.look.px(_CATEGORY_GAP)
        return [(first + n * step, first + n * step + height) for n in range(len(self._categories))]

    def _draw_strip(self, found: list[Run], left: int, top: int, right: int, bottom: int) -> None:
        """Draw what was in front on each computer, in a lane each."""
        palette, width, height = self.look.palette, right - left, bottom - top
        lanes = max(1, len(self._strip.lanes))
        gap = self.look.px(_LANE_GAP)
        lane_height = (height - (lanes - 1) * gap) // lanes
        colours = [[palette.track] * width for _lane in range(lanes)]
        away = []
        for run in found:
            if run.look.is_found and run.look.state is not State.ACTIVE:
                away.append(run)
                continue
            colour = run.look.category.colour if run.look.is_found else palette.hatch
            colours[run.lane][run.left : run.right] = [colour] * (run.right - run.left)
        rows = []
        for lane, row in enumerate(colours):
            upper = lane * (lane_height + gap)
            rows.append((row, upper, height if lane == lanes - 1 else upper + lane_height))
        self._draw_rows(rows, left, top, right, bottom)
        for run in away:
            upper = top + run.lane * (lane_height + gap)
            lower = bottom if run.lane == lanes - 1 else upper + lane_height
            dense = run.look.state is State.LOCKED
            self._hatch(left + run.left, upper, left + run.right, lower, dense=dense)

    def _draw_rows(
        self,
        rows: Sequence[tuple[Sequence[str], int, int]],
        left: int,
        top: int,
        right: int,
        bottom: int,
    ) -> None:
        """Draw rows of colours as one picture: a day of quick switching has a run in each pixel."""
        width, height = right - left, bottom - top
        picture = tk.PhotoImage(master=self, width=width, height=height)
        self._pictures.append(picture)
        self.create_rectangle(left, top, right, bottom, fill=self.look.palette.track, width=0)
        for row, upper, lower in rows:
            # One row of colours fills as many as there are.
            picture.put("{" + " ".join(row) + "}", to=(0, upper, width, lower))
        self.create_image(left, top, image=picture, anchor="nw")

    def _hatch(self, left: int, top: int, right: int, bottom: int, *, dense: bool) -> None:
        """Draw slanting lines, cut at the edges of a rectangle."""
        look, palette = self.look, self.look.palette
        self.create_rectangle(left, top, right, bottom, fill=palette.surface, width=0)
        step = max(3, look.px(_HATCH) // (2 if dense else 1))
        height = bottom - top
        # On the grid of the whole strip, so that neighbours meet.
        first = (left - height) // step * step
        # A line is round about its middle: its ends would lie on the neighbours.
        left, right = left + look.px(1), right - look.px(1)
        for x in range(first, right, step):
            low, high = max(x, left), min(x + height, right)
            if high > low:
                self.create_line(
                    *(low, bottom - (low - x), high, bottom - (high - x)),
                    fill=palette.hatch,
                    width=max(1, look.px(2)),
                )

    def _draw_hours(self, left: int, right: int, middle: int) -> None:
        look, palette = self.look, self.look.palette
        begin, end = self._view
        most = max(2, (right - left) // look.px(_LABEL_ROOM))
        found = timeline.ticks(begin, end, most)
        is_whole_hours = all(tick % timeline.HOUR_MS == 0 for tick in found)
        for tick in found:
            x = left + round((tick - begin) / (end - begin) * (right - left))
            minutes = (tick - (self._days.begin if self._days else 0)) // 60_000
            hour, minute = divmod(minutes, 60)
            label = str(hour) if is_whole_hours else f"{hour}:{minute:02}"
            half = look.small.measure(label) // 2
            x = min(max(x, left + half), right - half)
            self.text(x, middle, label, look.small, palette.dim, side="center")

    def _draw_mark(self, block: Block) -> None:
        """Draw a frame around the marked block, and show what it was where a key has led to it."""
        look, palette = self.look, self.look.palette
        left, top, right, bottom = self._box(block)
        thick = max(2, look.px(2))
        # In two colours: one of them is seen on every category's.
        for outset, colour in ((thick, palette.surface), (0, palette.text)):
            self.create_rectangle(
                *(left - outset, top - outset, right + outset, bottom + outset),
                outline=colour,
                width=thick,
            )
        if self._tells_mark:
            self._tells_mark = False
            self._point(
                self.winfo_rootx() + (left + right) // 2,
                self.winfo_rooty() + bottom - look.px(_TOLD_ABOVE),
                self._words(block),
            )

    def _box(self, block: Block) -> tuple[int, int, int, int]:
        """Return where a block lies, as far as it is in view; it is wide enough to be seen."""
        look = self.look
        left, right = self._extent()
        begin, end = self._view
        scale = (right - left) / (end - begin)
        first = left + max(0, round((block.begin - begin) * scale))
        last = left + min(right - left, round((block.end - begin) * scale))
        lanes, gap = max(1, len(self._strip.lanes)), look.px(_LANE_GAP)
        top, bottom = self._main()
        height = (bottom - top - (lanes - 1) * gap) // lanes
        upper = top + block.lane * (height + gap)
        return first, upper, max(last, first + look.px(3)), upper + height

    def _come_to(self, block: Block) -> None:
        """Bring a block into view that a key has led to, and say what it was."""
        begin, end = self._view
        if not (begin <= block.begin and block.end <= end):
            distance = (block.begin + block.end) / 2 - (begin + end) / 2
            self._view = timeline.panned(self._view, self._whole, distance)
        self._tells_mark = True
        self.redraw()

    @property
    def _whole(self) -> tuple[int, int]:
        return self._strip.begin, self._strip.end

    def _extent(self) -> tuple[int, int]:
        side = self.look.px(_SIDE)
        return side, max(side + 1, self.winfo_width() - side)

    def _moment(self, x: int) -> float:
        left, right = self._extent()
        begin, end = self._view
        return begin + (x - left) / (right - left) * (end - begin)

    def _zoom(self, x: int, factor: float) -> None:
        self._zoom_about(self._moment(x), factor)

    def _zoom_by_key(self, factor: float) -> None:
        begin, end = self._view
        moment, block = (begin + end) / 2, self._mark.block
        if block is not None and is_focused(self):
            moment = (block.begin + block.end) / 2
            self._view = timeline.panned(self._view, self._whole, moment - (begin + end) / 2)
        self._zoom_about(moment, factor)

    def _zoom_about(self, moment: float, factor: float) -> None:
        self._leave()
        self._view = timeline.zoomed(self._view, self._whole, moment, factor)
        self._is_zoomed = self._view != self._whole
        self.redraw()

    def _press(self, event: Any) -> None:
        self._dragged_from = event.x, self._view
        if self._is_zoomed:
            self.configure(cursor="fleur")

    def _drag(self, event: Any) -> None:
        if self._dragged_from is None or not self._is_zoomed:
            return
        self._leave()
        began, view = self._dragged_from
        left, right = self._extent()
        distance = (began - event.x) / (right - left) * (view[1] - view[0])
        self._view = timeline.panned(view, self._whole, distance)
        self.redraw()

    def _move(self, event: Any) -> None:
        if rest := self._drawn_legend.rest_at(event.x, event.y):
            self._point(self.winfo_rootx() + event.x, self.winfo_rooty() + event.y, rest)
            return
        belongs = self._belongs_at(event.y)
        if belongs is None:
            self._leave()
            return
        left, right = self._extent()
        reach = _NEAR_PX * (self._view[1] - self._view[0]) / (right - left)
        block = timeline.block_at(self._strip.blocks, self._moment(event.x), reach, belongs)
        if block is None:
            self._leave()
            return
        place = event.widget
        self._point(
            place.winfo_rootx() + event.x, place.winfo_rooty() + event.y, self._words(block)
        )

    def _belongs_at(self, y: int) -> Callable[[Block], bool] | None:
        """Return what tells the blocks of the lane at `y`; None where there is no lane."""
        top, bottom = self._main()
        if top <= y < bottom:
            lanes = max(1, len(self._strip.lanes))
            lane = min(lanes - 1, (y - top) * lanes // (bottom - top))
            return lambda block: block.lane == lane
        for category, (upper, lower) in zip(self._categories, self._category_lanes(), strict=True):
            if upper <= y < lower:
                style = BlockStyle(State.ACTIVE, category, is_found=True)
                return lambda block: self._strip.looks[block.look] == style
        return None

    def _words(self, block: Block) -> list[str]:
        """Return what is said of a session under the pointer."""
        session = block.session
        assert self._days is not None
        began, ended, ms = times(session, self._days)
        lines = [state_label(session.state)]
        if session.state is State.ACTIVE:
            lines = [application_label(session.application_name), title_label(session.window_title)]
        lines.append(f"{began} \N{EN DASH} {ended} · {duration(ms)}")
        if session.state is State.ACTIVE:
            lines[-1] += f" · {self._strip.looks[block.look].category.full_label}"
        if len(self._strip.lanes) > 1:
            lines.append(session.source_host)
        return lines
