"""What the summary window shows: its texts and where they stand, as its probe has written them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the screen, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def at(self, across: float, down: float = 0.5) -> tuple[int, int]:
        """Return the point at these shares of width and height."""
        return (
            round(self.left + across * (self.right - self.left)),
            round(self.top + down * (self.bottom - self.top)),
        )


@dataclass(frozen=True, slots=True)
class Text:
    """A text that can be read, where it stands, the name of its widget, and its colour."""

    text: str
    box: Box
    widget: str
    colour: str


class Seen:
    """What the window showed at one moment."""

    def __init__(self, written: dict[str, Any]) -> None:
        self.focus: str = written["focus"]
        self.marks: list[str] = written["marks"]
        self.zoom: list[float] = written["zoom"]
        self.widgets: list[dict[str, Any]] = written["widgets"]

    def texts(self, widget: str = "") -> list[Text]:
        """Return what is to be read, on widgets of that name where one is given."""
        return [
            text
            for found in self.widgets
            if widget in {"", found["name"]}
            for text in self.texts_of(found)
        ]

    def texts_of(self, widget: dict[str, Any]) -> list[Text]:
        """Return what is to be read on one widget."""
        return [
            Text(each["text"], Box(*each["box"]), widget["name"], each["colour"])
            for each in widget["texts"]
            if not each["hidden"] and each["text"]
        ]

    def place(self, widget: dict[str, Any]) -> Box:
        """Return where one widget lies."""
        x, y = widget["rootx"], widget["rooty"]
        return Box(x, y, x + widget["width"], y + widget["height"])

    def words(self, widget: str = "") -> list[str]:
        """Return the texts alone."""
        return [each.text for each in self.texts(widget)]

    def find(self, text: str, widget: str = "") -> Text | None:
        """Return the last place where a text stands, whole or else as a part."""
        texts = self.texts(widget)[::-1]
        whole = (each for each in texts if each.text == text)
        return next(whole, None) or next((each for each in texts if text in each.text), None)

    def box(self, widget: str) -> Box | None:
        """Return where a widget lies; None where it is not shown."""
        for each in self.widgets:
            if each["name"] == widget:
                return self.place(each)
        return None

    def parent(self, widget: dict[str, Any]) -> Box | None:
        """Return where the widget that holds it lies; None for the window itself."""
        path = widget["path"].rpartition(".")[0] or "."
        held = widget["path"] != "."
        return next(
            (self.place(each) for each in self.widgets if held and each["path"] == path), None
        )

    def rows(self, widget: str) -> list[list[str]]:
        """Return the lines of a list, each from left to right."""
        lines: dict[int, list[Text]] = {}
        for each in self.texts(widget):
            middle = (each.box.top + each.box.bottom) // 2
            near = next((known for known in lines if abs(known - middle) <= 4), middle)
            lines.setdefault(near, []).append(each)
        return [
            [each.text for each in sorted(lines[middle], key=lambda each: each.box.left)]
            for middle in sorted(lines)
        ]
