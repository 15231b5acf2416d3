"""KeyList: all keys of the window, over it for as long as somebody reads them."""

import tkinter as tk
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from reprospective_tray.summary.widgets.style import WindowStyle
from reprospective_tray.summary.widgets.surface import Surface, is_focused

_SIDE = 22
_LINE = 24
_HEADING = 32
_FIRST = 26
_FOOT = 16
_CAP_HEIGHT = 19
_CAP_SIDE = 6
_CAP_GAP = 4
_GAP = 14
_BETWEEN = 36
_CONTROL = 0x4
_CLOSING = {"Escape", "question", "Return", "KP_Enter", "space"}


class KeyGroup(Struct, frozen=True):
    """Keys of one subject, and what each does; keys that do the same have a space between them."""

    heading: str
    lines: tuple[tuple[str, str], ...]


class KeyList(Surface):
    """The groups of each column below each other; `Esc`, `?` or a click closes it.

    It has the keyboard and the mouse as long as it is open.
    """

    def __init__(
        self, root: tk.Misc, look: WindowStyle, name: str, columns: Sequence[Sequence[KeyGroup]]
    ) -> None:
        """Show `columns` in the middle of `root`, as its child `name`."""
        super().__init__(root, look, name=name, takefocus=1)
        self._columns = columns
        self._focus_before = str(root.tk.call("focus"))
        self.bind("<Key>", self._key)
        # What is clicked beside it closes it, and does nothing else.
        self.bind("<ButtonRelease>", lambda _event: self.close())
        self.bind("<FocusOut>", lambda _event: self.close())
        width = look.px(2 * _SIDE - _BETWEEN) + sum(
            caps + words + look.px(_BETWEEN) for caps, words in map(self._widths, columns)
        )
        height = look.px(_FIRST - _LINE // 2 + _FOOT) + max(map(self._height, columns))
        self.place(relx=0.5, rely=0.5, anchor="center", width=width, height=height)
        tk.Misc.lift(self)
        self.update_idletasks()
        self.focus_set()
        self.grab_set()

    def close(self) -> None:
        """Go, and give the keyboard back."""
        if not self.winfo_exists():
            return
        self.grab_release()
        call, before = self.tk.call, self._focus_before
        if before and is_focused(self) and int(call("winfo", "exists", before)):
            call("focus", before)
        self.destroy()

    def draw(self, width: int, height: int) -> None:
        """See `Surface.draw`."""
        look, palette = self.look, self.look.palette
        self.rounded(
            *(0, 0, width, height),
            radius=look.px(8),
            fill=palette.surface,
            line=palette.thumb,
        )
        left = look.px(_SIDE)
        for groups in self._columns:
            caps, words = self._widths(groups)
            top = look.px(_FIRST)
            for number, group in enumerate(groups):
                top += look.px(_HEADING - _LINE) if number else 0
                self.text(left, top, group.heading, look.strong, palette.text)
                for keys, action in group.lines:
                    top += look.px(_LINE)
                    self._draw_caps(left, top, keys)
                    self.text(left + caps, top, action, look.body, palette.dim)
                top += look.px(_LINE)
            left += caps + words + look.px(_BETWEEN)

    def _draw_caps(self, left: int, middle: int, keys: str) -> None:
        look, palette = self.look, self.look.palette
        half = look.px(_CAP_HEIGHT) // 2
        for key, width in self._caps(keys):
            self.rounded(
                *(left, middle - half, left + width, middle + half),
                radius=look.px(4),
                fill=palette.track,
                line=palette.border,
                ground=palette.surface,
            )
            self.text(left + width // 2, middle, key, look.small, palette.text, side="center")
            left += width + look.px(_CAP_GAP)

    def _caps(self, keys: str) -> Iterator[tuple[str, int]]:
        """Yield the keys, each with the width of its cap."""
        look = self.look
        for key in keys.split():
            width = look.small.measure(key) + 2 * look.px(_CAP_SIDE)
            yield key, max(width, look.px(_CAP_HEIGHT))

    def _widths(self, groups: Sequence[KeyGroup]) -> tuple[int, int]:
        """Return how wide the keys of a column are with the gap behind them, and the words."""
        look = self.look
        lines = [line for group in groups for line in group.lines]
        gap = look.px(_CAP_GAP)
        caps = max(sum(width + gap for _key, width in self._caps(keys)) for keys, _action in lines)
        words = max(look.width(action, look.body) for _keys, action in lines)
        return caps - gap + look.px(_GAP), words

    def _height(self, groups: Sequence[KeyGroup]) -> int:
        lines = sum(len(group.lines) + 1 for group in groups)
        return lines * self.look.px(_LINE) + (len(groups) - 1) * self.look.px(_HEADING - _LINE)

    def _key(self, event: Any) -> str | None:
        if event.state & _CONTROL:
            return None  # the window's own
        if event.keysym in _CLOSING:
            self.close()
        return "break"
