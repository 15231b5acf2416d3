"""The head of the window: the range, how to move, whose sessions, the search, the export."""

import tkinter as tk
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from reprospective_tray.messages import _
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures.month_grid import Recorded
from reprospective_tray.summary.figures.search import Chip
from reprospective_tray.summary.figures.sources import LOCAL, THIS_COMPUTER, Scope
from reprospective_tray.summary.view_model import View
from reprospective_tray.summary.widgets.controls import Button, Choice
from reprospective_tray.summary.widgets.search_box import SearchBox
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import is_focused
from reprospective_tray.summary.window.navigation import Position

_GAP = 9
_SEARCH = 270
_NARROW_SEARCH = 104
_LONG_DAY = date(2026, 9, 30)  # a Wednesday in September
_OPENS = " \N{BLACK DOWN-POINTING SMALL TRIANGLE}"


class Steered(Protocol):
    """What the head steers: the window."""

    @property
    def position(self) -> Position:
        """Where it stands."""
        ...

    @property
    def today(self) -> date:
        """The day on the person's wall."""
        ...

    def recorded_days(self) -> Recorded:
        """Return what tells on which days of what is shown there is data."""
        ...

    def turn(self, position: Position) -> None:
        """Show something else."""
        ...

    def earlier(self) -> None:
        """Show the range before."""
        ...

    def later(self) -> None:
        """Show the range after."""
        ...

    def to_today(self) -> None:
        """Show today."""
        ...

    def see_as(self, view: str) -> None:
        """Show a day, a week or a month."""
        ...

    def export_menu(self) -> None:
        """Offer to save or copy what is shown."""
        ...


class Header(tk.Frame):
    """Its buttons call the window; `show` says where that stands."""

    def __init__(self, parent: tk.Misc, look: WindowStyle, window: Steered) -> None:
        """Build it for `window`."""
        ground = look.palette.ground
        super().__init__(parent, bg=ground)
        self._look, self._window = look, window
        self._scopes: Sequence[Scope] = ()
        self._position = window.position
        gap = look.px(_GAP)
        self._earlier = Button(
            self, look, "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", window.earlier
        )
        self._today = Button(self, look, _("Today"), window.to_today)
        self._later = Button(
            self, look, "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", window.later
        )
        self._title = tk.Label(
            self,
            font=look.heading,
            fg=look.palette.text,
            bg=ground,
            padx=0,
            anchor="w",
            cursor="hand2",
            takefocus=1,
            highlightthickness=look.px(2),
            highlightbackground=ground,
            highlightcolor=look.palette.accent,
        )
        for sequence in ("<Button-1>", "<Return>", "<space>"):
            self._title.bind(sequence, lambda _event: self._pick_day())
        views = [
            *((View.DAY, _("Day")), (View.WEEK, _("Week"))),
            *((View.MONTH, _("Month")), (View.YEAR, _("Year"))),
        ]
        self._views = Choice(
            self, look, [(view.value, word) for view, word in views], window.see_as
        )
        self._computers = Button(self, look, " ", self._choose_computer)
        hint = _("Search applications and titles")
        self._search = SearchBox(self, look, hint, self._search_for, self._remove_chip)
        self._export = Button(self, look, _("Export"), window.export_menu)
        for column, widget in enumerate(
            (self._earlier, self._today, self._later, self._title, self._views)
        ):
            before = 2 * gap if widget in {self._title, self._views} else 0
            after = gap if isinstance(widget, Button) else 0
            widget.grid(row=0, column=column, padx=(before, after), sticky="w")
        self.columnconfigure(5, weight=1)
        self._computers.grid(row=0, column=6, padx=(gap, 0))
        self._search.grid(row=0, column=7, padx=(gap, 0))
        self._export.grid(row=0, column=8, padx=(gap, 0))
        self.bind("<Configure>", lambda _event: self._fit())

    def show(self, position: Position, scopes: Sequence[Scope], today: date) -> None:
        """Say where the window stands, and which computers can be chosen."""
        days = position.view.around(position.day)
        self._position = position
        self._views.choose(position.view.value)
        self._search.show_chips(position.chips)
        self._later.enable(days.last < today)
        if scopes:
            self._scopes = scopes
        self._computers.name(scope_label(position.scope) + _OPENS)
        if len(self._scopes) > 1 or position.scope != THIS_COMPUTER:
            self._computers.grid()
        else:
            self._computers.grid_remove()
        self._fit()

    def focus_search(self) -> None:
        """Let the keyboard write into the search."""
        self._search.focus_box()

    def leave_search(self) -> bool:
        """Empty the search and leave it; tell whether there was anything to leave."""
        was_in_it = is_focused(self._search.entry)
        had_chips = bool(self._window.position.chips)
        if had_chips:
            self._window.turn(replace(self._window.position, chips=()))
        had_text = self._search.clear()
        if was_in_it:
            self.winfo_toplevel().focus_set()
        return was_in_it or had_text or had_chips

    def export_place(self) -> tuple[int, int]:
        """Return where on the screen the export's menu belongs."""
        left, below = _below(self._export)
        return left + self._export.winfo_width(), below

    def _fit(self) -> None:
        """Share out the width: what the range is called, and how wide the search is."""
        look = self._look
        days = self._position.view.around(self._position.day)
        others = (self._earlier, self._today, self._later, self._views, self._export)
        shown = (*others, self._computers) if self._computers.winfo_manager() else others
        used = sum(each.winfo_reqwidth() for each in shown) + 12 * look.px(_GAP)
        room = self.winfo_width() - used
        # As wide as the longest name there is, so that nothing moves under the pointer.
        widest = max(
            look.heading.measure(sentences.range_name(DayRange(_LONG_DAY, _LONG_DAY))),
            look.heading.measure(sentences.short_range_name(days)),
        )
        search = min(look.px(_SEARCH), max(look.px(_NARROW_SEARCH), room - widest))
        is_wide = room - search >= widest
        name = sentences.short_range_name(days)
        if not is_wide and (days.count == 1 or look.heading.measure(name) > room - search):
            name = sentences.tight_range_name(days)
        room -= search
        fonts = (look.heading, look.lead)
        font = next((each for each in fonts if each.measure(name) <= room), look.strong)
        self._title.configure(text=name, font=font)
        self.columnconfigure(3, minsize=widest + 2 * look.px(_GAP) if is_wide else 0)
        self._search.configure(width=search)

    def _pick_day(self) -> None:
        from reprospective_tray.summary.window.dialogs.pickers import pick_day

        day = pick_day(
            *(self.winfo_toplevel(), self._look, self._window.position.day, _below(self._title)),
            today=self._window.today,
            recorded=self._window.recorded_days(),
        )
        if day is not None:
            self._window.turn(self._window.position.on(day, self._window.today))

    def _choose_computer(self) -> None:
        menu = self._look.menu(self)
        chosen = tk.StringVar(menu, value=repr(self._window.position.scope))
        before: Scope | None = None
        for scope in self._scopes:
            if before is not None and before.source != scope.source:
                menu.add_separator()
            menu.add_radiobutton(
                label=scope_label(scope),
                variable=chosen,
                value=repr(scope),
                command=partial(self._turn_to, scope),
            )
            before = scope
        menu.tk_popup(*_below(self._computers))

    def _turn_to(self, scope: Scope) -> None:
        self._window.turn(replace(self._window.position, scope=scope))

    def _remove_chip(self, chip: Chip) -> None:
        self._window.turn(self._window.position.without(chip))

    def _search_for(self, text: str) -> None:
        self._window.turn(replace(self._window.position, search=text))


def scope_label(scope: Scope) -> str:
    """Return what to call whose sessions are looked at."""
    if scope.host is not None:
        return scope.host
    return _("This computer") if scope.source == LOCAL else _("All computers")


def _below(widget: tk.Misc) -> tuple[int, int]:
    return widget.winfo_rootx(), widget.winfo_rooty() + widget.winfo_height() + 4
