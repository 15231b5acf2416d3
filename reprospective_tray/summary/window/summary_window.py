"""SummaryWindow: puts what was read on the screen, and follows keys, buttons and the time."""

import logging
import threading
import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.summary.figures.month_grid import Recorded
from reprospective_tray.summary.figures.search import Chip
from reprospective_tray.summary.figures.sources import SERVER
from reprospective_tray.summary.view_model import PeriodView, View
from reprospective_tray.summary.widgets.empty_range import EmptyRange
from reprospective_tray.summary.widgets.footer import Footer
from reprospective_tray.summary.widgets.loading import LoadingBar
from reprospective_tray.summary.widgets.notice_bar import NoticeBar
from reprospective_tray.summary.widgets.panels.applications import Applications
from reprospective_tray.summary.widgets.panels.cards import Cards
from reprospective_tray.summary.widgets.panels.categories import CategoryList
from reprospective_tray.summary.widgets.panels.day_strip import DayStrip
from reprospective_tray.summary.widgets.panels.period_charts import DayBars, HeatMap
from reprospective_tray.summary.widgets.panels.sessions import Sessions
from reprospective_tray.summary.widgets.panels.year_map import YearMap
from reprospective_tray.summary.widgets.popups import Toast, ToastPlace, Tooltip
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.window import keys
from reprospective_tray.summary.window.background_call import BackgroundCall
from reprospective_tray.summary.window.callback_errors import CallbackErrors
from reprospective_tray.summary.window.deletion import Deletion
from reprospective_tray.summary.window.dependencies import Memory, WindowDependencies
from reprospective_tray.summary.window.exporting import Exporting
from reprospective_tray.summary.window.header import Header
from reprospective_tray.summary.window.layout import Layout, layout_for
from reprospective_tray.summary.window.loading.category_watch import CategoryWatch
from reprospective_tray.summary.window.loading.loader import LoadedView, Loader
from reprospective_tray.summary.window.loading.recorded_days import RecordedDays
from reprospective_tray.summary.window.loading.running_messages import empty_sentence, footer
from reprospective_tray.summary.window.navigation import Position

REFRESH_MS = 3000
# What was read ahead is there at once; a server may take its time.
_FIRST_LOOK_MS = 1
_AWAITING_MS = 8
_RESTING_MS = 100
_PATIENCE_MS = 300
_EDGE = 20
_GAP = 12
_log = logging.getLogger(__name__)


class SummaryWindow:
    """The widgets of the window, and what happens between them and the loader."""

    _layout: Layout | None = None

    def __init__(
        self,
        root: tk.Tk,
        look: WindowStyle,
        loader: Loader,
        means: WindowDependencies,
        position: Position,
    ) -> None:
        """Build the widgets in `root`; `position` was asked of the `loader` already."""
        self._root, self._look, self._loader, self._means = root, look, loader, means
        self._recorded = RecordedDays(means.sources)
        self._category_watch, self._note = CategoryWatch(means.changed_config), means.note
        self._position = position
        self._today = date.today()  # noqa: DTZ011  the day on the person's wall is meant
        self._loaded: LoadedView | None = None
        self._is_awaiting = True
        self._awaiting_ms = _FIRST_LOOK_MS
        self._next_look = ""
        self._raised, self._ended = threading.Event(), threading.Event()
        self._is_gone = False
        root.configure(bg=look.palette.ground)
        root.columnconfigure(0, weight=1)
        root.rowconfigure(4, weight=1)
        edge, gap = look.px(_EDGE), look.px(_GAP)
        toasts = ToastPlace(root, look)
        self._toast, self._tooltip = Toast(toasts, look), Tooltip(root, look)
        CallbackErrors(root, self._say_error)
        self._loading = LoadingBar(root, look)
        self._exporting = Exporting(root, look, self._toast, means.sources)
        self._header = Header(root, look, self)
        self._header.grid(row=0, sticky="ew", padx=edge, pady=(look.px(16), look.px(14)))
        self._cards = Cards(root, look)
        self._cards.grid(row=1, sticky="ew", padx=edge)
        self._notice = NoticeBar(root, look, self.reload)
        self._chart = tk.Frame(root, bg=look.palette.ground)
        self._chart.columnconfigure(0, weight=3, uniform="chart")
        self._chart.columnconfigure(1, weight=2, uniform="chart")
        self._strip = DayStrip(self._chart, look, self._point, self._tooltip.hide)
        self._day_bars = DayBars(
            self._chart, look, open_day=self._open_bar, point=self._point, leave=self._tooltip.hide
        )
        self._year_map = YearMap(
            self._chart, look, open_day=self.open_day, point=self._point, leave=self._tooltip.hide
        )
        self._heat = HeatMap(self._chart, look, point=self._point, leave=self._tooltip.hide)
        self._body = tk.Frame(root, bg=look.palette.ground)
        self._body.rowconfigure(0, weight=1)
        self._categories = CategoryList(self._body, look)
        self._categories.grid(row=0, column=0, sticky="nsew", padx=(0, gap))
        self._deletion = Deletion(root, Toast(toasts, look), means.forget, self._deletion_changed)
        self._applications = Applications(self._body, look)
        self._applications.grid(row=0, column=1, sticky="nsew", padx=(0, gap))
        self._sessions = Sessions(
            self._body, look, delete=self._deletion.add, copy=self._exporting.copy_sessions
        )
        self._sessions.grid(row=0, column=2, sticky="nsew")
        for panel in (self._categories, self._applications, self._sessions):
            panel.tell_by(self._point, self._tooltip.hide)
        for bars in (self._categories, self._applications):
            bars.filter_by(self._narrow)
        self._empty = EmptyRange(root, look, self.open_day)
        resuming = BackgroundCall(root, "resume", self._say_error)
        self._footer = Footer(root, look, lambda: resuming.begin(means.resume, self.reload))
        self._footer.grid(row=5, sticky="ew", padx=edge, pady=(look.px(7), look.px(9)))
        root.bind("<Configure>", self._lay_out, add=True)
        self._bind_keys()

    def _lay_out(self, event: Any) -> None:
        """Use the room that the window has."""
        scale = self._look.scale
        layout = layout_for(event.width / scale, event.height / scale)
        if event.widget is not self._root or layout == self._layout:
            return
        self._layout = layout
        self._cards.show_notes(layout.has_notes)
        self._strip.make_tall(layout.is_tall)
        for chart in (self._day_bars, self._heat, self._year_map):
            chart.configure(height=self._look.px(layout.charts_height))
        self._share_body()

    def _share_body(self) -> None:
        """Share out the room below the charts; a year has categories in place of sessions."""
        is_year = self._position.view is View.YEAR
        has_categories = is_year or (self._layout is not None and self._layout.has_categories)
        shown = {self._categories: has_categories, self._sessions: not is_year}
        for panel, is_shown in shown.items():
            if is_shown:
                panel.grid()
            else:
                panel.grid_remove()
        # The last panel ends where the window's other parts end.
        gap = 0 if is_year else self._look.px(_GAP)
        self._applications.grid_configure(padx=(0, gap))
        weights = (12, 14, 0) if is_year else (12, 14, 24) if has_categories else (0, 21, 20)
        for column, weight in enumerate(weights):
            uniform = "panel" if weight else f"none {column}"
            self._body.columnconfigure(column, weight=weight, uniform=uniform)

    def start(self, raised: threading.Event, ended: threading.Event) -> None:
        """Begin to look for what was read.

        Comes to the front whenever `raised` is set, and closes when `ended` is.
        """
        self._raised, self._ended = raised, ended
        self._header.show(self._position, (), self._today)
        self._next_look = self._root.after(_FIRST_LOOK_MS, self._look_for_answers)
        self._root.after(REFRESH_MS, self._refresh)
        self._category_watch.start()

    def close(self) -> None:
        """Remember the place, do what still waits to be done, and go.

        Stays where something could not be deleted, or takes long; a second time goes at once.
        """
        self._remember()
        self._root.withdraw()
        try:
            may_go = self._deletion.finish(self._leave)
        except Exception:  # noqa: BLE001  nothing keeps a person from closing a window
            _log.exception("what waited to be deleted was not")
            may_go = True
        if may_go:
            self._leave()
        else:
            self._root.deiconify()

    def _remember(self) -> None:
        try:
            self._means.remember(Memory(self._root.geometry(), self._position.view.value))
        except (ReprospectiveError, OSError) as error:
            _log.warning("the window's size and view are not remembered: %s", error)
        except Exception:  # noqa: BLE001  nothing keeps a person from closing a window
            _log.exception("the window's size and view are not remembered")

    def _leave(self) -> None:
        self._is_gone = True
        try:
            self._loader.stop()
            self._recorded.stop()
            self._category_watch.stop()
        finally:
            self._root.destroy()

    def _say_error(self, sentence: str) -> None:
        self._toast.show(sentence, _("OK"), self._toast.hide)

    def turn(self, position: Position) -> None:
        """Show something else."""
        if position != self._position:
            self._position = position
            self._tooltip.hide()
            self._header.show(position, self._scopes(), self._today)
            self.reload()

    def earlier(self) -> None:
        """Show the day, week, month or year before."""
        self.turn(self._position.earlier())

    def later(self) -> None:
        """Show the day, week, month or year after."""
        self.turn(self._position.later(self._today))

    def to_today(self) -> None:
        """Show today."""
        self.turn(self._position.at_today(self._today))

    def see_as(self, view: str) -> None:
        """Show a day, a week, a month or a year."""
        self.turn(self._position.seen_as(View(view)))

    def open_day(self, day: date) -> None:
        """Show one day."""
        self.turn(self._position.on(day, self._today, View.DAY))

    def _narrow(self, chip: Chip) -> None:
        """Show only what fits `chip`; show all again where that is so already."""
        position = self._position
        is_so = chip in position.chips
        self.turn(position.without(chip) if is_so else position.among(chip))

    def _open_bar(self, day: date) -> None:
        """Show what a bar stands for: a day, or the month that `day` begins."""
        view = View.MONTH if self._position.view is View.YEAR else View.DAY
        self.turn(self._position.on(day, self._today, view))

    def export_menu(self) -> None:
        """Offer to save or copy what is shown."""
        if self._loaded is not None and self._loaded.report is not None:
            self._exporting.offer(self._header.export_place(), self._loaded)

    @property
    def position(self) -> Position:
        """Where in time it stands."""
        return self._position

    @property
    def today(self) -> date:
        """The day on the person's wall, as of the last refresh."""
        return self._today

    def recorded_days(self) -> Recorded:
        """Return what tells on which days of what is shown there is data."""
        return self._recorded.of(self._position.scope)

    def reload(self) -> None:
        """Read anew what is shown."""
        self._loader.ask(self._position.wish)
        if not self._is_awaiting:
            self._is_awaiting = True
            # One look at a time: the one that rests is put off no longer.
            self._root.after_cancel(self._next_look)
            self._awaiting_ms = _FIRST_LOOK_MS
            self._next_look = self._root.after(_FIRST_LOOK_MS, self._look_for_answers)

    def _scopes(self) -> Any:
        return self._loaded.scopes if self._loaded else ()

    def _bind_keys(self) -> None:
        unless_typing: dict[str, Callable[[], object]] = {
            "<Left>": self.earlier,
            "<Right>": self.later,
            "<t>": self.to_today,
            "<d>": lambda: self.see_as(View.DAY),
            "<w>": lambda: self.see_as(View.WEEK),
            "<m>": lambda: self.see_as(View.MONTH),
            "<y>": lambda: self.see_as(View.YEAR),
            "<question>": self._show_keys,
            **dict.fromkeys(("<plus>", "<equal>", "<KP_Add>"), self._strip.zoom_in),
            **dict.fromkeys(("<minus>", "<KP_Subtract>"), self._strip.zoom_out),
            **dict.fromkeys(("<Key-0>", "<KP_0>"), self._strip.show_all),
        }
        always: dict[str, Callable[[], object]] = {
            "<Control-f>": self._header.focus_search,
            "<Control-e>": self.export_menu,
            "<Control-w>": self.close,
            "<Control-r>": self.reload,
            "<Control-z>": self._deletion.undo,
            "<F5>": self.reload,
            "<Escape>": self._escape,
        }
        keys.bind(self._root, always, unless_typing)
        self._root.protocol("WM_DELETE_WINDOW", self.close)

    def _show_keys(self) -> None:
        from reprospective_tray.summary.window import key_help

        key_help.show(self._root, self._look)

    def _escape(self) -> None:
        """Undo a deletion, else leave the search, else hide what is said; close nothing."""
        if not (self._deletion.undo() or self._header.leave_search() or self._deletion.dismiss()):
            self._toast.hide()

    def _refresh(self) -> None:
        # First of all, so that an error behind it does not end the refreshing.
        self._root.after(REFRESH_MS, self._refresh)
        self._catch_up()

    def _catch_up(self) -> None:
        """Follow the clock: past midnight, and what is recorded meanwhile."""
        self._today = date.today()  # noqa: DTZ011  the day on the person's wall is meant
        if self._position.follows and self._position.day != self._today:
            self.turn(self._position.at_today(self._today))
        elif self._position.holds(self._today) or self._loaded is None or self._loaded.problem:
            self._loader.ask(self._position.wish)

    def _look_for_answers(self) -> None:
        try:
            self._look_once()
        finally:
            # Also behind an error: what comes next may be shown.
            if not self._is_gone:
                self._awaiting_ms = min(2 * self._awaiting_ms, _AWAITING_MS)
                rest = self._awaiting_ms if self._is_awaiting else _RESTING_MS
                self._next_look = self._root.after(rest, self._look_for_answers)

    def _look_once(self) -> None:
        if self._ended.is_set():
            self._ended.clear()
            self.close()
            if self._is_gone:
                return
        if self._raised.is_set():
            self._raised.clear()
            self._root.deiconify()
            self._root.lift()
            self._root.focus_force()
        self._take_category_news()
        loaded = self._loader.answer()
        if loaded is not None:
            try:
                self._take(loaded)
            finally:
                # Drawing is queued as idle work. The loader reads on after it: both at once would
                # make the person wait longer.
                self._root.after_idle(self._loader.shown)
        if self._is_awaiting:
            self._loading.start()
        else:
            self._loading.stop()

    def _take_category_news(self) -> None:
        """Show the time by the rules that config.yaml has now, or why they cannot be used."""
        if news := self._category_watch.take():
            self._note = news.note
            if news.categories:
                self._loader.use(news.categories)
            self.reload()

    def _take(self, loaded: LoadedView) -> None:
        """Paint an answer, if it is still what the window asks for."""
        if loaded.wish != self._position.wish:
            return
        # Only a change that the person asked for shows progress.
        self._is_awaiting = self._is_awaiting and loaded.goes_on
        if loaded.view is None and loaded.goes_on:
            # A server that is near answers before anybody has read that it is asked.
            self._root.after(_PATIENCE_MS, self._paint_unless_answered, loaded)
        else:
            self._paint(loaded)

    def _paint_unless_answered(self, loaded: LoadedView) -> None:
        known = None if self._loaded is None else self._loaded.wish
        if loaded.wish == self._position.wish != known:
            self._paint(loaded)

    def _paint(self, loaded: LoadedView) -> None:
        if self._loaded is None or self._loaded.wish != loaded.wish:
            self._applications.start_over()
            self._sessions.start_over()
        self._loaded = loaded
        self._header.show(self._position, loaded.scopes, self._today)
        self._footer.show(footer(loaded.status), datetime.now().astimezone())
        view = loaded.view
        edge, gap = self._look.px(_EDGE), self._look.px(_GAP)
        is_said = self._show_notice(loaded, edge, gap)
        if view is None or view.is_empty:
            days = self._position.view.around(self._position.day)
            for part in (self._cards, self._chart, self._body):
                part.grid_remove()
            sentence = loaded.problem or empty_sentence(loaded.status, days, self._today)
            self._empty.say("" if is_said else sentence, loaded.last_day, self._today)
            self._empty.grid(row=4, sticky="nsew", padx=edge)
            return
        self._empty.grid_remove()
        self._cards.show(view.cards)
        self._cards.grid()
        self._show_charts(view)
        self._chart.grid(row=3, sticky="ew", padx=edge, pady=(gap, 0))
        self._body.grid(row=4, sticky="nsew", padx=edge, pady=(gap, 0))
        self._share_body()
        self._categories.show(view.category_bars)
        self._applications.say(view.matching)
        self._applications.show(
            view.bars, opened=bool(self._position.search or self._position.chips)
        )
        self._show_sessions(view)

    def _show_notice(self, loaded: LoadedView, edge: int, gap: int) -> bool:
        """Show what is in the way; return whether it is of what was read."""
        said, lacks = "", False
        if loaded.view is not None and loaded.report is not None:
            said, lacks = loaded.view.origin, bool(loaded.report.origin.absent_days)
        elif loaded.wish.scope.source == SERVER and not loaded.goes_on:
            said, lacks = loaded.problem, True
        if lines := [line for line in (self._note, said) if line]:
            can_help = lacks and not loaded.goes_on and self._means.sources.has_server
            self._notice.say("\n".join(lines), retry=can_help)
            self._notice.grid(row=2, sticky="ew", padx=edge, pady=(gap, 0))
        else:
            self._notice.grid_remove()
        return bool(said)

    def _show_charts(self, view: PeriodView) -> None:
        days = self._position.view.around(self._position.day)
        gap = self._look.px(_GAP)
        if view.strip is not None:
            self._strip.show(view, days)
            self._strip.grid(row=0, column=0, columnspan=2, sticky="ew")
            shown: list[object] = [self._strip]
        else:
            self._day_bars.show(view)
            self._day_bars.grid(row=0, column=0, sticky="nsew", padx=(0, gap))
            beside: HeatMap | YearMap = self._heat
            if view.year_days is None:
                self._heat.show(view.heat)
            else:
                self._year_map.show(days.first.year, view.year_days)
                beside = self._year_map
            beside.grid(row=0, column=1, sticky="nsew")
            shown = [self._day_bars, beside]
            for column, weight in enumerate((3, 2) if beside is self._heat else (1, 1)):
                self._chart.columnconfigure(column, weight=weight)
        # Only now: what is shown already must not blink.
        for chart in (self._strip, self._day_bars, self._heat, self._year_map):
            if chart not in shown:
                chart.grid_remove()

    def _show_sessions(self, view: PeriodView) -> None:
        hidden = self._deletion.hidden
        sessions = view.sessions.without(hidden) if hidden else view.sessions
        self._sessions.show(sessions, view.sessions_note)

    def _deletion_changed(self) -> None:
        if self._loaded is not None and self._loaded.view is not None:
            self._show_sessions(self._loaded.view)
        self.reload()

    def _point(self, root_x: int, root_y: int, lines: Sequence[str]) -> None:
        x, y = root_x - self._root.winfo_rootx(), root_y - self._root.winfo_rooty()
        self._tooltip.show(x, y, lines)
