"""Surface: a canvas that can draw what Tk cannot: smooth corners, figures of one width."""

import struct
import tkinter as tk
import zlib
from tkinter import font as tkfont
from typing import Any, Literal

from reprospective_tray.summary.widgets.style import DIGITS, WindowStyle

_RING = 2
_SAMPLES = 4  # in each direction of a pixel
Side = Literal["w", "e", "center"]


class Surface(tk.Canvas):
    """A canvas of the window; its `draw` is called once after any number of changes."""

    def __init__(
        self, parent: tk.Misc, look: WindowStyle, *, ground: str = "", **settings: Any
    ) -> None:
        """Make an empty canvas on `ground`, the window's own by default."""
        self.look = look
        self.ground = ground or look.palette.ground
        super().__init__(parent, bg=self.ground, highlightthickness=0, borderwidth=0, **settings)
        self._is_due, self._due = False, ""
        self.bind("<Configure>", lambda _event: self.redraw())

    def redraw(self) -> None:
        """Draw anew as soon as nothing else is to be done."""
        if not self._is_due:
            self._is_due = True
            self._due = self.after_idle(self._draw_now)

    def destroy(self) -> None:
        """See `tkinter.Misc.destroy`."""
        if self._is_due:
            self.after_cancel(self._due)
        super().destroy()

    def _draw_now(self) -> None:
        self._is_due = False
        if self.winfo_width() > 1:
            self.delete("all")
            self.draw(self.winfo_width(), self.winfo_height())

    def draw(self, width: int, height: int) -> None:
        """Draw everything; the canvas is empty."""

    def take_focus(self) -> None:
        """Let Tab come here, and draw anew when the keyboard comes and goes."""
        self.configure(takefocus=1)
        for change in ("<FocusIn>", "<FocusOut>"):
            self.bind(change, lambda _event: self.redraw(), add=True)

    def rounded(  # noqa: PLR0913  two corners and a look
        self,
        left: int,
        top: int,
        right: int,
        bottom: int,
        *,
        radius: int,
        fill: str,
        line: str = "",
        ground: str = "",
        focused: bool = False,
    ) -> None:
        """Draw a rectangle with smooth corners, and a `line` of one pixel around it.

        What is `focused` has the ring of the focus in place of the line.
        """
        self.create_rectangle(left, top, right, bottom, fill=fill, width=0)
        self.outline(
            *(left, top, right, bottom), radius=radius, line=line, ground=ground, focused=focused
        )

    def outline(  # noqa: PLR0913  two corners and a look
        self,
        left: int,
        top: int,
        right: int,
        bottom: int,
        *,
        radius: int,
        line: str = "",
        ground: str = "",
        focused: bool = False,
    ) -> None:
        """Put a line around a rectangle that is drawn, and round its corners; see `rounded`."""
        radius = max(0, min(radius, (right - left) // 2, (bottom - top) // 2))
        width = 0
        if focused:
            line, width = self.look.palette.accent, self.look.px(_RING)
        elif line:
            width = self.look.px(1)
        if width:
            for box in (
                (left, top, right, top + width),
                (left, bottom - width, right, bottom),
                (left, top, left + width, bottom),
                (right - width, top, right, bottom),
            ):
                self.create_rectangle(*box, fill=line, width=0)
        ground = ground or self.ground
        self.corners(
            *(left, top, right, bottom), radius=radius, ground=ground, line=line, width=width
        )

    def corners(  # noqa: PLR0913  two corners and a look
        self,
        left: int,
        top: int,
        right: int,
        bottom: int,
        *,
        radius: int,
        ground: str,
        line: str = "",
        width: int = 0,
    ) -> None:
        """Round the corners of whatever is drawn there; a `line` of so many pixels goes around."""
        for x, y, which in (
            (left, top, "nw"),
            (right, top, "ne"),
            (left, bottom, "sw"),
            (right, bottom, "se"),
        ):
            self.corner(x, y, which, radius=radius, ground=ground, line=line, width=width)

    def corner(  # noqa: PLR0913  a place and a look
        self,
        x: int,
        y: int,
        which: str,
        *,
        radius: int,
        ground: str,
        line: str = "",
        width: int = 0,
    ) -> None:
        """Round one corner (``nw`` to ``se``) of whatever is drawn there; see `corners`."""
        if radius > 0:
            image = _corner(self, which, radius, (line or ground, ground), width)
            self.create_image(x, y, image=image, anchor=which)

    def panel(self, left: int, top: int, right: int, bottom: int) -> None:
        """Draw a surface that other things lie on."""
        palette = self.look.palette
        self.rounded(
            *(left, top, right, bottom),
            radius=self.look.px(8),
            fill=palette.surface,
            line=palette.border,
            focused=is_focused(self),
        )

    def text(  # noqa: PLR0913  what a text needs
        self,
        x: int,
        y: int,
        text: str,
        font: tkfont.Font,
        colour: str,
        *,
        width: int | None = None,
        side: Side = "w",
        tag: str = "",
        whole: str = "",
    ) -> bool:
        """Write one line whose middle is at `y`; tell whether all of it is to be seen.

        It is cut where it is wider than `width`. A line of several is part of a `whole`.
        """
        shown = text if width is None else self.look.cut(text, font, width)
        drawn = self.look.drawn(shown, whole)
        self.create_text(x, y, text=drawn, font=font, fill=colour, anchor=side, tags=tag)
        return shown == text

    def figures(  # noqa: PLR0913  what a text needs
        self, x: int, y: int, text: str, font: tkfont.Font, colour: str, *, side: Side = "w"
    ) -> None:
        """Write figures that stand exactly below each other, also in a font whose do not."""
        cell, narrow = digit_widths(font)
        if not narrow:
            self.text(x, y, text, font, colour, side=side)
            return
        if side == "e":
            x -= figures_width(font, text)
        # They are one text to whoever reads the canvas.
        tag = f"figures:{text}"
        for part in _parts(text, narrow):
            if part in narrow:
                middle = x + cell // 2
                self.create_text(middle, y, text=part, font=font, fill=colour, tags=tag)
                x += cell
            else:
                self.create_text(x, y, text=part, font=font, fill=colour, anchor="w", tags=tag)
                x += font.measure(part)

    def dot(  # noqa: PLR0913  a place and a look
        self, x: int, y: int, size: int, colour: str, *, radius: int = 0, tag: str = ""
    ) -> None:
        """Draw a small square with smooth corners, its left edge at `x` and its middle at `y`.

        Their `radius` is a quarter of the size unless given.
        """
        radius = radius or max(1, size // 4)
        key = ("dot", size, radius, colour)
        images = self.look.images
        if key not in images:
            images[key] = _square(self, size, radius, colour)
        self.create_image(x, y, image=images[key], anchor="w", tags=tag)


def is_focused(widget: tk.Misc) -> bool:
    """Tell whether `widget` has the keyboard; `focus_get` fails where Tk's own dialog has it."""
    return str(widget.tk.call("focus")) == str(widget)


def figures_width(font: tkfont.Font, text: str) -> int:
    """Return how wide `Surface.figures` writes `text`, in pixels."""
    cell, narrow = digit_widths(font)
    if not narrow:
        return font.measure(text)
    parts = _parts(text, narrow)
    return sum(cell if part in narrow else font.measure(part) for part in parts)


_digits: dict[str, tuple[int, str]] = {}


def digit_widths(font: tkfont.Font) -> tuple[int, str]:
    """Return the width of the widest digit in pixels, and which digits are narrower."""
    if font.name not in _digits:
        widths = {digit: font.measure(digit) for digit in DIGITS}
        widest = max(widths.values())
        narrow = "".join(digit for digit, width in widths.items() if width < widest)
        _digits[font.name] = widest, narrow
    return _digits[font.name]


def _parts(text: str, alone: str) -> list[str]:
    """Return the characters of `alone` by themselves, and what stands between them."""
    parts = [""]
    for char in text:
        if char in alone:
            parts += [char, ""]
        else:
            parts[-1] += char
    return [part for part in parts if part]


def _square(surface: Surface, size: int, radius: int, colour: str) -> tk.PhotoImage:
    """Return a picture of a square with smooth corners."""
    channels = bytes(_channels(colour))
    rows = []
    for y in range(size):
        row = b""
        for x in range(size):
            across, down = min(x, size - 1 - x), min(y, size - 1 - y)
            inside = _covered(across, down, radius, 0)[0] if max(across, down) < radius else 1.0
            row += channels + bytes([round(255 * inside)])
        rows.append(row)
    return tk.PhotoImage(master=surface, data=_png(size, rows), format="png")


def _corner(
    surface: Surface, which: str, radius: int, colours: tuple[str, str], edge: int
) -> tk.PhotoImage:
    """Return the picture of what lies outside a round corner: a line, and the ground beyond it.

    It is smooth: what is drawn below shows through as far as a pixel lies inside.
    """
    key = ("corner", which, radius, colours, edge)
    images = surface.look.images
    if key not in images:
        line, ground = (_channels(colour) for colour in colours)
        rows = []
        for y in range(radius):
            row = bytearray()
            for x in range(radius):
                across = x if "w" in which else radius - 1 - x
                down = y if "n" in which else radius - 1 - y
                inner, outer = _covered(across, down, radius, edge)
                opacity = 1 - inner
                share = (outer - inner) / opacity if opacity else 0.0
                row += bytes(
                    round(a * share + b * (1 - share)) for a, b in zip(line, ground, strict=True)
                )
                row.append(round(255 * opacity))
            rows.append(bytes(row))
        images[key] = tk.PhotoImage(master=surface, data=_png(radius, rows), format="png")
    return images[key]


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[n : n + 2], 16) for n in (1, 3, 5))


def _covered(x: int, y: int, radius: int, edge: int) -> tuple[float, float]:
    """Return how much of a pixel lies within the line, and within the whole."""
    inner = outer = 0
    for i in range(_SAMPLES):
        for j in range(_SAMPLES):
            across = radius - (x + (i + 0.5) / _SAMPLES)
            down = radius - (y + (j + 0.5) / _SAMPLES)
            distance = (across * across + down * down) ** 0.5
            outer += distance <= radius
            inner += distance <= radius - edge
    return inner / _SAMPLES**2, outer / _SAMPLES**2


def _png(size: int, rows: list[bytes]) -> bytes:
    """Return a square picture of red, green, blue and opacity as PNG, which Tk reads by itself."""
    # Not by Pillow, which the window does not load: 2.6 MB (a tenth of its process) and 50 ms.

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts
