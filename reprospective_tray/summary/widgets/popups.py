"""What lies over the window for a moment: the words under the pointer, and the offer to undo."""

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tkinter import font as tkfont

from reprospective_tray.summary.widgets.controls import Button
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface

_SIDE = 10
_AWAY = 14
_LINE = 18
_WIDEST = 420
# The narrowest a toast's sentence is made, and what lies beside it in the window.
_NARROWEST = 200
_BESIDE = 240


@dataclass(frozen=True, slots=True)
class _TooltipLine:
    """One line, and the text that it is a part of."""

    text: str
    whole: str
    font: tkfont.Font
    is_first: bool


class Tooltip(Surface):
    """A few texts beside the pointer, whole; the first stands out."""

    def __init__(self, root: tk.Misc, look: WindowStyle) -> None:
        """Make it; it shows nothing as yet."""
        super().__init__(root, look, ground=look.palette.ground)
        self._window = root
        self._lines: list[_TooltipLine] = []

    def show(self, x: int, y: int, texts: Sequence[str]) -> None:
        """Show `texts` below or above a place of the root window, within it."""
        look, window = self.look, self._window
        side, above = 2 * look.px(_SIDE), look.px(12)
        most = max(1, (window.winfo_height() - above) // look.px(_LINE))
        room = min(look.px(_WIDEST), window.winfo_width() - side)
        lines = [
            _TooltipLine(line, text, self._font(number), is_first=not number)
            for number, text in enumerate(texts)
            for line in look.wrap(text, self._font(number), room, most)
        ][:most]
        width = side + min(room, max(look.width(line.text, line.font) for line in lines))
        height = len(lines) * look.px(_LINE) + above
        away = look.px(_AWAY)
        left = min(max(0, x + away), max(0, window.winfo_width() - width - look.px(6)))
        top = y + away + look.px(6)
        if top + height > window.winfo_height():
            top = y - away - height
        if lines != self._lines:
            self._lines = lines
            self.redraw()
        self.place(x=left, y=max(0, top), width=width, height=height)
        tk.Misc.lift(self)

    def hide(self) -> None:
        """Show nothing."""
        self.place_forget()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.rounded(
            *(0, 0, width, height),
            radius=look.px(6),
            fill=palette.surface,
            line=palette.thumb,
            ground=palette.surface,
        )
        side = look.px(_SIDE)
        for number, line in enumerate(self._lines):
            y = look.px(15) + number * look.px(_LINE)
            colour = palette.text if line.is_first else palette.dim
            self.text(
                side, y, line.text, line.font, colour, width=width - 2 * side, whole=line.whole
            )

    def _font(self, number: int) -> tkfont.Font:
        return self.look.small if number else self.look.strong


class ToastPlace(tk.Frame):
    """Where toasts stand: one above the other, at the foot of the window."""

    def __init__(self, root: tk.Misc, look: WindowStyle) -> None:
        """Make it; it shows nothing as yet."""
        super().__init__(root, bg=look.palette.ground)
        self._look, self._window = look, root

    @property
    def room(self) -> int:
        """How wide a sentence may be, in pixels."""
        return max(self._look.px(_NARROWEST), self._window.winfo_width() - self._look.px(_BESIDE))

    def fit(self) -> None:
        """Be there as long as something stands here."""
        if self.pack_slaves():
            self.place(relx=0.5, rely=1.0, y=-self._look.px(44), anchor="s")
            self.lift()
        else:
            self.place_forget()


class Toast(tk.Frame):
    """A sentence, with one thing to press."""

    def __init__(self, place: ToastPlace, look: WindowStyle) -> None:
        """Make it; it shows nothing as yet."""
        palette = look.palette
        self._place = place
        super().__init__(
            place,
            bg=palette.surface,
            highlightthickness=1,
            highlightbackground=palette.thumb,
            padx=look.px(14),
            pady=look.px(8),
        )
        self._label = tk.Label(
            self, font=look.body, fg=palette.text, bg=palette.surface, justify="left"
        )
        self._label.pack(side="left", padx=(0, look.px(14)))
        self._action: Callable[[], object] = self.hide
        self._timer = ""
        self.button = Button(self, look, " ", self._act, ground=palette.surface)
        self.button.pack(side="left")

    def show(
        self, sentence: str, action: str, command: Callable[[], object], *, for_ms: int = 0
    ) -> None:
        """Show `sentence`, and `action` to press, until it is hidden or so many ms have gone."""
        self._stop_timer()
        if for_ms:
            self._timer = self.after(for_ms, self.hide)
        self._label.configure(text=sentence, wraplength=self._place.room)
        self._action = command
        self.button.name(action)
        self.pack(pady=(self.button.look.px(4), 0))
        self._place.fit()

    def hide(self) -> None:
        """Show nothing."""
        self._stop_timer()
        self.pack_forget()
        self._place.fit()

    def _stop_timer(self) -> None:
        if self._timer:
            self.after_cancel(self._timer)
            self._timer = ""

    def _act(self) -> None:
        self._action()
