"""Sample windows for the demo: an editor, a browser, a mail program, a terminal; none is real.

Started in the virtual environment; obeys lines of JSON on its standard input:
``{"window": "editor", "title": "..."}`` changes a title, and the end of the input ends it.
"""

import json
import queue
import sys
import threading
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass

INK = "#22303c"
QUIET = "#7d8b97"
PAPER = "#ffffff"
TINT = "#f1f4f7"
ACCENT = "#2f6f9f"
FONT = "Inter"
MONO = "DejaVu Sans Mono"
JAPANESE = "Noto Sans CJK JP"
POLL_MS = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One window: its class as the window manager sees it, its first title, place and picture."""

    application: str
    title: str
    geometry: str
    draw: Callable[[tk.Canvas], None]


def text(canvas: tk.Canvas, x: int, y: int, words: str, *, size: int = 10, **options: str) -> None:
    """Draw one line of text with its top left corner at a place."""
    font = (options.get("family", FONT), size, options.get("weight", "normal"))
    canvas.create_text(x, y, text=words, anchor="nw", font=font, fill=options.get("fill", INK))


def bars(canvas: tk.Canvas, x: int, y: int, widths: list[int], fill: str = "#d7dfe6") -> None:
    """Draw lines of greeked text."""
    for row, width in enumerate(widths):
        canvas.create_rectangle(x, y + row * 20, x + width, y + row * 20 + 8, fill=fill, width=0)


def draw_editor(canvas: tk.Canvas) -> None:
    """A dark editor with a few lines of a made-up program."""
    canvas.configure(background="#1f2933")
    canvas.create_rectangle(0, 0, 170, 2000, fill="#19222b", width=0)
    text(canvas, 18, 16, "SAMPLE PROJECT", size=8, fill="#8fa1b0", weight="bold")
    for row, name in enumerate(("invoice.py", "customers.py", "test_invoice.py", "README.md")):
        text(canvas, 18, 44 + row * 24, name, fill="#ffffff" if row == 0 else "#9fb0bd")
    lines = (
        ("def total(lines, tax):", "#8ac6f2"),
        ('    """Return what the customer pays."""', "#95b899"),
        ("    net = sum(line.price for line in lines)", "#dfe7ee"),
        ("    return round(net * (1 + tax), 2)", "#dfe7ee"),
        ("", "#dfe7ee"),
        ("", "#dfe7ee"),
        ("def remind(customer, days):", "#8ac6f2"),
        ("    if days > 30:", "#dfe7ee"),
        ("        send_letter(customer)", "#dfe7ee"),
    )
    for row, (line, fill) in enumerate(lines):
        text(canvas, 196, 20 + row * 24, str(row + 1), fill="#566675", family=MONO)
        text(canvas, 232, 20 + row * 24, line, fill=fill, family=MONO)


def draw_browser(canvas: tk.Canvas) -> None:
    """A page of a made-up encyclopedia."""
    canvas.configure(background=PAPER)
    canvas.create_rectangle(0, 0, 2000, 44, fill=TINT, width=0)
    canvas.create_rectangle(70, 9, 560, 35, fill=PAPER, outline="#d5dce2")
    text(canvas, 18, 11, "←  →", size=12, fill=QUIET)
    text(canvas, 84, 14, "encyclopedia.example/tides", fill=QUIET)
    text(canvas, 36, 70, "Tides", size=22, weight="bold")
    text(canvas, 36, 114, "A sample page. The sea rises and falls twice a day.", fill=QUIET)
    bars(canvas, 36, 152, [430, 448, 412, 440, 300])
    points = [36, 330]
    for step in range(23):
        points += [36 + step * 20, 310 + (24, 8, -18, -26, -8, 18)[step % 6]]
    canvas.create_line(*points, smooth=True, fill=ACCENT, width=3)


def draw_mail(canvas: tk.Canvas) -> None:
    """A list of made-up letters."""
    canvas.configure(background=PAPER)
    canvas.create_rectangle(0, 0, 150, 2000, fill=TINT, width=0)
    for row, name in enumerate(("Inbox", "Sent", "Drafts", "Archive")):
        weight = "bold" if row == 0 else "normal"
        text(canvas, 20, 20 + row * 28, name, weight=weight)
    letters = (
        ("Sample Sender", "Minutes of Thursday", "09:12"),
        ("A. Example", "The invoice for October", "08:47"),
        ("Newsletter", "Five quiet places by the sea", "Sun"),
        ("B. Example", "Re: lunch", "Sat"),
    )
    for row, (sender, subject, when) in enumerate(letters):
        top = 16 + row * 58
        text(canvas, 172, top, sender, weight="bold")
        text(canvas, 172, top + 20, subject, fill=QUIET)
        text(canvas, 455, top, when, size=9, fill=QUIET)
        canvas.create_line(172, top + 48, 500, top + 48, fill="#e5eaee")


def draw_terminal(canvas: tk.Canvas) -> None:
    """A terminal in Japanese."""
    canvas.configure(background="#12181f")
    text(canvas, 18, 16, "sample@desk ~/報告書 $", fill="#7fd1ae", family=JAPANESE)
    text(canvas, 18, 42, "下書き.md   集計.csv   週報.md", fill="#dfe7ee", family=JAPANESE)
    text(canvas, 18, 68, "sample@desk ~/報告書 $ ▌", fill="#7fd1ae", family=JAPANESE)


SAMPLES = {
    "editor": Sample("Editor", "invoice.py - Sample Editor", "700x400+50+60", draw_editor),
    "browser": Sample("Browser", "Tides - Sample Browser", "620x430+560+230", draw_browser),
    "mail": Sample("Mail", "Inbox - Sample Mail", "520x330+120+340", draw_mail),
    "terminal": Sample("Terminal", "週報 - サンプル端末", "480x250+700+80", draw_terminal),
}


def main() -> None:
    """Show all windows and obey until the input ends."""
    root = tk.Tk(className="Samples")
    root.withdraw()
    windows = {}
    for name, sample in SAMPLES.items():
        window = tk.Toplevel(root, class_=sample.application)
        window.title(sample.title)
        window.geometry(sample.geometry)
        canvas = tk.Canvas(window, highlightthickness=0)
        canvas.pack(fill="both", expand=True)
        sample.draw(canvas)
        windows[name] = window
    orders: queue.SimpleQueue[dict[str, str] | None] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(orders,), name="orders", daemon=True).start()

    def obey() -> None:
        # Tk has no way to be woken by another thread that works on every platform.
        while not orders.empty():
            order = orders.get()
            if order is None:
                root.destroy()
                return
            windows[order["window"]].title(order["title"])
        root.after(POLL_MS, obey)

    obey()
    root.mainloop()


def listen(orders: "queue.SimpleQueue[dict[str, str] | None]") -> None:
    """Hand on what stands on the standard input, line by line, and its end."""
    for line in sys.stdin:
        orders.put(json.loads(line))
    orders.put(None)


if __name__ == "__main__":
    main()
