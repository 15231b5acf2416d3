"""What is clicked: buttons, and a choice of several."""

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface, is_focused

HEIGHT = 30
_RADIUS = 6
_SIDE = 14
RETURN_KEYS = ("<Return>", "<KP_Enter>", "<space>")


class Button(Surface):
    """A word or sign to click; Tab reaches it, Return and space press it."""

    def __init__(  # noqa: PLR0913  its place, its words and its look
        self,
        parent: tk.Misc,
        look: WindowStyle,
        text: str,
        command: Callable[[], object],
        *,
        ground: str = "",
        height: int = HEIGHT,
    ) -> None:
        """Make it as wide as its `text`, and `height` pixels of the design high."""
        super().__init__(parent, look, ground=ground, height=look.px(height), cursor="hand2")
        self._text = text
        self._command = command
        self._is_enabled, self._is_under_pointer, self._is_pressed = True, False, False
        self._fit()
        self.bind("<Enter>", lambda _event: self._set(under_pointer=True))
        self.bind("<Leave>", lambda _event: self._set(under_pointer=False, pressed=False))
        self.bind("<ButtonPress-1>", lambda _event: self._set(pressed=True))
        self.bind("<ButtonRelease-1>", self._release)
        for key in RETURN_KEYS:
            self.bind(key, lambda _event: self.press())
        self.take_focus()

    @property
    def label(self) -> str:
        """What stands on it."""
        return self._text

    def name(self, text: str) -> None:
        """Let it say something else."""
        if text != self._text:
            self._text = text
            self._fit()
            self.redraw()

    def enable(self, enabled: bool) -> None:
        """Let it be pressed, or not."""
        if enabled != self._is_enabled:
            self._is_enabled = enabled
            self.configure(cursor="hand2" if enabled else "", takefocus=enabled)
            self.redraw()

    def press(self) -> None:
        """Do what a click does."""
        if self._is_enabled:
            self._command()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        palette = self.look.palette
        lit = self._is_enabled and (self._is_under_pointer or self._is_pressed)
        self.rounded(
            *(0, 0, width, height),
            radius=self.look.px(_RADIUS),
            fill=palette.selected if lit else palette.surface,
            line=palette.border,
            focused=is_focused(self),
        )
        colour = palette.text if self._is_enabled else palette.disabled
        self.text(width // 2, height // 2, self._text, self.look.body, colour, side="center")

    def _fit(self) -> None:
        width = self.look.body.measure(self._text) + 2 * self.look.px(_SIDE)
        self.configure(width=max(width, self.look.px(HEIGHT)))

    def _set(self, *, under_pointer: bool | None = None, pressed: bool | None = None) -> None:
        if under_pointer is not None:
            self._is_under_pointer = under_pointer
        if pressed is not None:
            self._is_pressed = pressed
        self.redraw()

    def _release(self, _event: Any) -> None:
        if self._is_pressed:
            self._set(pressed=False)
            self.press()


class Choice(Surface):
    """Several words of which one is chosen; arrows move on where it has the focus."""

    def __init__(
        self,
        parent: tk.Misc,
        look: WindowStyle,
        options: Sequence[tuple[str, str]],
        command: Callable[[str], object],
    ) -> None:
        """Take the `options` as (value, word); the first is chosen."""
        super().__init__(parent, look, height=look.px(HEIGHT), cursor="hand2")
        self._choices = options
        self._command = command
        self._chosen = options[0][0]
        side = look.px(_SIDE - 2)
        self._widths = [look.strong.measure(word) + 2 * side for _value, word in options]
        self.configure(width=sum(self._widths))
        self.bind("<ButtonRelease-1>", self._click)
        self.take_focus()
        self.bind("<Left>", lambda _event: self._step(-1))
        self.bind("<Right>", lambda _event: self._step(1))

    def choose(self, value: str) -> None:
        """Show `value` as the one that is chosen; nobody is told."""
        self._chosen = value
        self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        focused = is_focused(self)
        radius = look.px(_RADIUS)
        self.rounded(
            *(0, 0, width, height),
            radius=radius,
            fill=palette.surface,
            line=palette.border,
            focused=focused,
        )
        # What is chosen has the colour of the ring: there is a gap between them.
        left, inset = 0, look.px(4 if focused else 2)
        for (value, word), extent in zip(self._choices, self._widths, strict=True):
            middle = left + extent // 2
            chosen = value == self._chosen
            if chosen:
                self.rounded(
                    *(left + inset, inset, left + extent - inset, height - inset),
                    radius=radius - inset,
                    fill=palette.accent,
                    ground=palette.surface,
                )
            font, colour = look.body, palette.on_accent if chosen else palette.text
            self.text(middle, height // 2, word, font, colour, side="center")
            left += extent

    def _click(self, event: "tk.Event[tk.Canvas]") -> None:
        left = 0
        for (value, _word), extent in zip(self._choices, self._widths, strict=True):
            if left <= event.x < left + extent:
                self._command(value)
            left += extent

    def _step(self, by: int) -> str:
        values = [value for value, _word in self._choices]
        place = values.index(self._chosen) + by
        if 0 <= place < len(values):
            self._command(values[place])
        return "break"
