"""Calendar: a month over the window, of which a day is picked by mouse or keys."""

import tkinter as tk
from collections.abc import Callable
from datetime import date
from typing import Any

from reprospective_tray.summary.figures import month_grid
from reprospective_tray.summary.figures.month_grid import Recorded
from reprospective_tray.summary.widgets.month.month_view import (
    PICK,
    TO_TODAY,
    TURN,
    MonthView,
    Target,
)
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import is_focused

NAME = "calendar"
_LOOK_AGAIN_MS = 40
_CONTROL, _SHIFT = 0x4, 0x1
_WHEEL = {4: -1, 5: 1}
_BUTTONS = (1, 2, 3)


class Calendar(MonthView):
    """A month at a time, Monday first; days after `today` cannot be picked.

    It takes the keyboard and the mouse as long as it is open, and closes as soon as the focus
    goes elsewhere or something else is clicked.
    """

    def __init__(
        self, root: tk.Misc, look: WindowStyle, day: date, *, today: date, recorded: Recorded
    ) -> None:
        """Make it, not yet shown.

        Args:
            root: The window it lies over.
            look: How the window looks.
            day: Where the window stands.
            today: The last day that can be picked.
            recorded: Returns the days with data among those given; None: not known yet.
        """
        super().__init__(root, look, day, today=today, name=NAME)
        self._window, self._recorded = root, recorded
        self._pressed: Target | None = None
        self._is_leaving = False
        self._picked: date | None = None
        self._next_look = ""
        self._focus_before = str(root.tk.call("focus"))
        self._keys = self._actions()
        self.bind("<Key>", self._key)
        self.bind("<ButtonPress>", self._press)
        self.bind("<ButtonRelease>", self._release)
        self.bind("<MouseWheel>", lambda event: self._turn(-1 if event.delta > 0 else 1))
        self.bind("<Motion>", self._move)
        self.bind("<Leave>", lambda _event: self._point(None))
        self.bind("<FocusOut>", lambda _event: self.close())

    def _actions(self) -> dict[str, Callable[[], object]]:
        """Return what the keys do, by Tk's names for them."""
        return {
            "Left": lambda: self._step(-1),
            "Right": lambda: self._step(1),
            "Up": lambda: self._step(-month_grid.WEEK),
            "Down": lambda: self._step(month_grid.WEEK),
            "Prior": lambda: self._turn(-1),
            "Next": lambda: self._turn(1),
            "Shift-Prior": lambda: self._turn(-month_grid.YEAR),
            "Shift-Next": lambda: self._turn(month_grid.YEAR),
            "Home": lambda: self._go(month_grid.week_begin(self.at)),
            "End": lambda: self._go(month_grid.week_end(self.at, self.today)),
            "t": lambda: self._go(self.today),
            "Return": lambda: self._pick(self.at),
            "Enter": lambda: self._pick(self.at),
            "space": lambda: self._pick(self.at),
            "Escape": self.close,
            "Tab": self.close,
            "ISO_Left_Tab": self.close,
        }

    def ask(self, place: tuple[int, int]) -> date | None:
        """Open at `place` (pixels of the screen), or as near as the window has room.

        Returns when it is closed: the day that was picked, None for none.
        """
        x, y = place[0] - self._window.winfo_rootx(), place[1] - self._window.winfo_rooty()
        room = self._window.winfo_width() - self.width, self._window.winfo_height() - self.height
        self.place(
            x=max(0, min(x, room[0])),
            y=max(0, min(y, room[1])),
            width=self.width,
            height=self.height,
        )
        tk.Misc.lift(self)
        self._look_for_marks()
        self.update_idletasks()
        self.focus_set()
        # What is clicked beside it closes it, and does nothing else.
        self.grab_set()
        self.wait_window()
        return self._picked

    def close(self) -> None:
        """Go; nothing is picked unless that was done before."""
        if not self.winfo_exists():
            return
        self.grab_release()
        call, before = self.tk.call, self._focus_before
        if before and is_focused(self) and int(call("winfo", "exists", before)):
            call("focus", before)
        self.destroy()

    def destroy(self) -> None:
        """See `tkinter.Misc.destroy`."""
        if self._next_look:
            self.after_cancel(self._next_look)
            self._next_look = ""
        super().destroy()

    def _go(self, day: date) -> None:
        """Stand at another day."""
        if day == self.at:
            return
        is_other_month = (day.year, day.month) != (self.at.year, self.at.month)
        self.at = day
        if is_other_month:
            if self.under is not None and not self.under[0].startswith(TURN):
                self.under = None  # another day lies there now
            self._look_for_marks()
        self.redraw()

    def _step(self, days: int) -> None:
        self._go(month_grid.by_days(self.at, days, self.today))

    def _turn(self, months: int) -> None:
        self._go(month_grid.by_months(self.at, months, self.today))

    def _pick(self, day: date) -> None:
        self._picked = day
        self.close()

    def _key(self, event: Any) -> str | None:
        key = event.keysym.removeprefix("KP_")
        if event.state & _CONTROL:
            return None  # the window's own
        if event.state & _SHIFT and f"Shift-{key}" in self._keys:
            key = f"Shift-{key}"
        if action := self._keys.get(key if len(key) > 1 else key.lower()):
            action()
        return "break"

    def _press(self, event: Any) -> None:
        if not self.holds(event.x, event.y):
            self._is_leaving = event.num in _BUTTONS
        elif event.num in _WHEEL:
            self._turn(_WHEEL[event.num])
        elif event.num == 1:
            self._pressed = self.target(event.x, event.y)

    def _release(self, event: Any) -> None:
        if self._is_leaving and event.num in _BUTTONS:
            # Not before: what lies there would take the release for a click.
            self.close()
            return
        if event.num != 1:
            return
        target, self._pressed = self._pressed, None
        if target is None or target != self.target(event.x, event.y):
            return
        what, day = target
        if what == PICK:
            self._pick(day)
        elif what == TO_TODAY:
            self._go(day)
        else:
            self._turn(int(what.removeprefix(TURN)))

    def _move(self, event: Any) -> None:
        self._point(self.target(event.x, event.y))

    def _point(self, target: Target | None) -> None:
        if target != self.under:
            self.under = target
            self.configure(cursor="hand2" if target else "")
            self.redraw()

    def _look_for_marks(self) -> None:
        """Mark the days with data as soon as they are known."""
        if self._next_look:
            self.after_cancel(self._next_look)
            self._next_look = ""
        found = self._recorded(month_grid.grid_range(self.at))
        if found is None:
            self._next_look = self.after(_LOOK_AGAIN_MS, self._look_for_marks)
        elif not found <= self.marked:
            self.marked |= found
            self.redraw()
