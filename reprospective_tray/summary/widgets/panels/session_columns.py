"""The columns of the session list: as wide as what stands in them, or as they were dragged."""

from dataclasses import dataclass

from reprospective_tray.messages import _
from reprospective_tray.summary.session_list import SessionList
from reprospective_tray.summary.widgets.scrolling import SIDE
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import figures_width

DOT = 8
WHEN, TIME, NAME, TITLE = "when", "time", "name", "title"
_GAP = 12
_NARROWEST = 28
_NARROWEST_TITLE = 60
_NEAR = 5
ARROWS = " \N{DOWNWARDS ARROW}", " \N{UPWARDS ARROW}"


@dataclass(frozen=True, slots=True)
class ColumnEdges:
    """Where the columns begin, and how wide they are, in pixels; the last one has the rest."""

    when: int
    when_width: int
    time: int
    time_width: int
    dot: int
    name: int
    name_width: int
    title: int
    title_width: int


class SessionColumns:
    """How wide the columns are; all lengths are pixels."""

    def __init__(self, look: WindowStyle) -> None:
        """Begin with columns that are as wide as what stands in them."""
        self._look = look
        self._dragged: dict[str, int] = {}
        self._fitting = dict.fromkeys((WHEN, TIME, NAME), 0)

    def fit_to(self, sessions: SessionList | None) -> None:
        """Take what stands in them."""
        look, lines = self._look, sessions.widest() if sessions is not None else []
        needed = {
            WHEN: [figures_width(look.body, line.when) for line in lines],
            TIME: [figures_width(look.body, line.time) for line in lines],
            NAME: [look.width(line.name, look.body) for line in lines],
        }
        least = {
            WHEN: figures_width(look.body, "00:00\N{EN DASH}00:00"),
            TIME: look.small.measure(_("Time") + ARROWS[0]),
            NAME: look.small.measure(_("Application") + ARROWS[0]),
        }
        self._fitting = {column: max(least[column], *needed[column], 0) for column in needed}

    def edges(self, width: int) -> ColumnEdges:
        """Return the columns of a list that is `width` wide."""
        look = self._look
        side, gap = look.px(SIDE), look.px(_GAP)
        when = min(self._width(WHEN), width // 3)
        time_left = side + when + gap
        time = min(self._width(TIME), width // 3)
        dot = time_left + time + gap
        name_left = dot + look.px(DOT) + gap // 2
        rest = max(width - side - name_left, look.px(_NARROWEST_TITLE))
        if NAME in self._dragged:
            name = min(self._dragged[NAME], max(0, rest - gap - look.px(_NARROWEST_TITLE)))
        else:
            name = min(self._fitting[NAME], rest * 2 // 5)
        title = name_left + name + gap
        return ColumnEdges(
            *(side, when, time_left, time, dot),
            *(name_left, name, title, max(0, width - side - title)),
        )

    def borders(self, width: int) -> dict[str, int]:
        """Return where the border at the right of each column lies that can be dragged."""
        edges, half = self.edges(width), self._look.px(_GAP) // 2
        return {WHEN: edges.time - half, TIME: edges.dot - half, NAME: edges.title - half}

    def border_at(self, x: int, width: int) -> str:
        """Return the column whose border is near `x`; empty where none is."""
        near = self._look.px(_NEAR)
        found = (name for name, at in self.borders(width).items() if abs(at - x) <= near)
        return next(found, "")

    def drag(self, column: str, x: int, width: int) -> None:
        """Put the border at the right of `column` to `x`, as far as it goes."""
        edges, half = self.edges(width), self._look.px(_GAP) // 2
        left = {WHEN: edges.when, TIME: edges.time, NAME: edges.name}[column]
        self._dragged[column] = max(self._look.px(_NARROWEST), x - half - left)

    def fit(self, column: str) -> None:
        """Make `column` as wide as what stands in it."""
        self._dragged.pop(column, None)
        if column == NAME:
            self._dragged[NAME] = self._fitting[NAME]

    def _width(self, column: str) -> int:
        return self._dragged.get(column, self._fitting[column])
