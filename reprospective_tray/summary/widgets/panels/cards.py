"""The figures above, side by side."""

import tkinter as tk
from collections.abc import Sequence

from reprospective_tray.summary.view_model import Card
from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface, figures_width

HEIGHT = 83
_HEIGHT_WITHOUT_NOTES = 62
_GAP = 12
_SIDE = 14


class Cards(Surface):
    """A row of cards: what it is, the figure, and a word on it."""

    def __init__(self, parent: tk.Misc, look: WindowStyle) -> None:
        """Make an empty row."""
        super().__init__(parent, look, height=look.px(HEIGHT))
        self._cards: Sequence[Card] = ()
        self._has_notes = True

    def show_notes(self, has_notes: bool) -> None:
        """Show the third line of each card, or save its room."""
        if has_notes != self._has_notes:
            self._has_notes = has_notes
            height = HEIGHT if has_notes else _HEIGHT_WITHOUT_NOTES
            self.configure(height=self.look.px(height))

    def show(self, cards: Sequence[Card]) -> None:
        """Show `cards`, drawing only where they differ."""
        if cards != self._cards:
            self._cards = cards
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        count = len(self._cards)
        if not count:
            return
        gap, side = look.px(_GAP), look.px(_SIDE)
        for number, card in enumerate(self._cards):
            left = number * (width + gap) // count
            right = (number + 1) * (width + gap) // count - gap
            room = right - left - 2 * side
            self.panel(left, 0, right, height)
            x = left + side
            self.text(x, look.px(19), card.label, look.small, palette.dim, width=room)
            fonts = (look.figure, look.heading, look.lead)
            fitting = (each for each in fonts if figures_width(each, card.figure) <= room)
            font = next(fitting, look.strong)
            self.figures(x, look.px(42), card.figure, font, palette.text)
            if not self._has_notes:
                continue
            note_y = look.px(63)
            if card.mark:
                rose = card.mark.startswith("\N{BLACK UP-POINTING TRIANGLE}")
                colour = palette.more if rose else palette.less
                self.text(x, note_y, card.mark, look.small, colour)
                used = look.small.measure(card.mark + " ")
                x, room = x + used, room - used
            self.text(x, note_y, card.note, look.small, palette.dim, width=room)
