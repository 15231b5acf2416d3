"""The summary window, which also writes down what it shows and where, for a test to read.

Argument: a file of `Settings` as JSON. What the window remembers is printed as JSON.
"""

import json
import os
import sys
import tkinter as tk
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reprospective_tray.config import loading
from reprospective_tray.config.watch import ConfigWatch
from reprospective_tray.ipc import client
from reprospective_tray.messages import set_language
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.summary import theme
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.sources import Sources
from reprospective_tray.summary.window import deletion, summary_window
from reprospective_tray.summary.window import (
    process as window,
)
from reprospective_tray.summary.window.dependencies import Memory, WindowDependencies
from reprospective_tray.system.paths import Paths

WRITE_MS = 50


@dataclass(frozen=True, slots=True)
class Settings:
    """How the window is opened, and where it is written down (`read`)."""

    read: str
    database: str
    status: str
    """A file with the running instance's status as JSON; without it nothing runs."""

    language: str = "en"
    view: str = "day"
    geometry: str = ""
    note: str = ""
    server: str = ""
    """A DSN; empty: none is named."""

    patience_s: float = 10.0
    undo_seconds: int = 10
    finish_seconds: float = 5.0
    refresh_ms: int = 300
    dark: bool = False
    scale: float = 1.0


class _Said:
    """A desktop that has answered."""

    def __init__(self, settings: Settings) -> None:
        palette = theme.DARK if settings.dark else theme.LIGHT
        self._desktop = theme.Desktop(palette, 96 * settings.scale)

    def wait(self, _seconds: float) -> theme.Desktop:
        return self._desktop


class Reader:
    """Describes widgets, also those that Tcl code has made."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._call = root.tk.call

    def read(self) -> dict[str, Any]:
        widgets = [self._widget(path) for path in self._mapped(".")]
        return {"focus": str(self._call("focus")), "widgets": widgets, "marks": self._marks()}

    def _marks(self) -> list[str]:
        """Return the days that the open calendar marks."""
        calendar = self._root.children.get("calendar")
        if not isinstance(calendar, tk.Canvas):
            return []
        tags = (tag for item in calendar.find_all() for tag in calendar.gettags(item))
        return sorted(tag.removeprefix("mark:") for tag in tags if tag.startswith("mark:"))

    def _mapped(self, path: str) -> Iterator[str]:
        if self._number("ismapped", path):
            yield path
            for child in self._root.tk.splitlist(self._call("winfo", "children", path)):
                yield from self._mapped(str(child))

    def _number(self, what: str, path: str) -> int:
        return int(self._call("winfo", what, path))

    def _widget(self, path: str) -> dict[str, Any]:
        kind = name = str(self._call("winfo", "class", path))
        with suppress(KeyError):  # it is Tcl's own
            name = type(self._root.nametowidget(path)).__name__
        keys = ("rootx", "rooty", "width", "height", "reqwidth", "reqheight")
        found = {key: self._number(key, path) for key in keys}
        texts = list(self._texts(path, kind, found))
        top = str(self._call("winfo", "toplevel", path))
        return {"path": path, "name": name, "top": top, "texts": texts, **found}

    def _texts(self, path: str, kind: str, place: dict[str, int]) -> Iterator[dict[str, Any]]:
        x, y = place["rootx"], place["rooty"]
        box = [x, y, x + place["width"], y + place["height"]]
        if kind == "Canvas":
            yield from self._canvas_texts(path, x, y, place["width"])
        elif kind == "Menu":
            yield from self._menu_texts(path, box)
        elif kind in {"Entry", "TEntry", "TCombobox"}:
            yield _text(str(self._call(path, "get")), box, self._colour(path))
        else:
            with suppress(tk.TclError):  # what has no text
                yield _text(str(self._call(path, "cget", "-text")), box, self._colour(path))

    def _colour(self, path: str) -> str:
        try:
            return str(self._call(path, "cget", "-foreground"))
        except tk.TclError:  # ttk's own
            return ""

    def _menu_texts(self, path: str, box: list[int]) -> Iterator[dict[str, Any]]:
        last = self._call(path, "index", "end")
        for entry in range(int(last) + 1 if str(last) not in {"", "none"} else 0):
            if str(self._call(path, "type", entry)) != "separator":
                top = box[1] + int(self._call(path, "yposition", entry))
                label = str(self._call(path, "entrycget", entry, "-label"))
                place = [box[0], top, box[2], top + 16]
                yield _text(label, place, self._colour(path))

    def _canvas_texts(self, path: str, x: int, y: int, width: int) -> Iterator[dict[str, Any]]:
        split, call = self._root.tk.splitlist, self._call
        items = split(call(path, "find", "all"))
        found: list[dict[str, Any]] = []
        whole, parts = "", ""
        for item in items:
            kind = str(call(path, "type", item))
            if kind == "rectangle":
                _hide(found, split(call(path, "coords", item)), (x, y), width)
            if kind != "text":
                continue
            text = str(call(path, "itemcget", item, "-text"))
            at = split(call(path, "bbox", item))
            box = [int(at[0]) + x, int(at[1]) + y, int(at[2]) + x, int(at[3]) + y] if at else []
            tags = " ".join(map(str, split(call(path, "gettags", item))))
            # Figures of one width are many items and one text.
            if parts and parts != whole and tags.startswith("figures:"):
                parts += text
                found[-1]["box"][2] = box[2]
                continue
            parts, whole = text, str(call(path, "itemcget", item, "-tags"))
            whole = _figures(whole) if tags.startswith("figures:") else parts
            if whole and box:
                found.append(_text(whole, box, str(call(path, "itemcget", item, "-fill"))))
        yield from found


def _figures(tags: str) -> str:
    # Tk puts braces around a tag with spaces.
    return tags.removeprefix("{").removesuffix("}").removeprefix("figures:")


def _text(text: str, box: list[int], colour: str) -> dict[str, Any]:
    return {"text": text, "box": box, "colour": colour, "hidden": False}


def _hide(
    texts: list[dict[str, Any]], coords: tuple[Any, ...], at: tuple[int, int], width: int
) -> None:
    """Mark what lies, if only in part, under a rectangle across the whole canvas."""
    left, top, right, bottom = (float(each) for each in coords)
    if left <= 0 and right >= width:
        for each in texts:
            _left, upper, _right, lower = each["box"]
            if upper < bottom + at[1] and lower > top + at[1]:
                each["hidden"] = True


class ReadableWindow(summary_window.SummaryWindow):
    """The window, and a reader of it."""

    settings: Settings
    _written = ""

    def start(self, raised: Any, ended: Any) -> None:
        super().start(raised, ended)
        self._reader = Reader(self._root)
        self._write_down()

    def _write_down(self) -> None:
        now = json.dumps(self._reader.read() | {"zoom": self._strip.view})
        if now != self._written:
            self._written = now
            file = Path(self.settings.read)
            part = file.with_suffix(".part")
            part.write_text(now, "utf-8")
            part.replace(file)
        self._root.after(WRITE_MS, self._write_down)


def _sources(settings: Settings, paths: Paths) -> Sources:
    def server() -> Any:
        from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
        from reprospective_tray.store.postgres.connection.address import ServerAddress

        patience = settings.patience_s
        return PostgresqlAdapter(
            ServerAddress.from_dsn(settings.server),
            paths.data,
            read_only=True,
            connect_deadline_s=patience,
            deadline_s=patience,
        )

    def local() -> SqliteAdapter:
        return SqliteAdapter(Path(settings.database), read_only=True)

    return Sources(local, server if settings.server else None)


def main() -> int:
    """Show it until it is closed."""
    settings = Settings(**json.loads(Path(sys.argv[1]).read_text("utf-8")))
    paths = Paths.of_user()
    loaded = loading.load(None, paths)
    set_language(settings.language)

    def status() -> Any:
        file = Path(settings.status)
        return json.loads(file.read_text("utf-8")) if file.exists() else None

    def forget(uids: list[str]) -> object:
        from reprospective_tray.commands.forget import forget_sessions

        return forget_sessions(loaded, paths, uids)

    def remember(memory: Memory) -> None:
        print(json.dumps(asdict(memory)), flush=True)

    ReadableWindow.settings = settings
    summary_window.SummaryWindow = ReadableWindow  # type: ignore[misc]  # its place in show()
    if settings.scale != 1.0:
        # Xft takes the dpi of this process's texts from here.
        resources = Path(settings.read).with_suffix(".Xdefaults")
        resources.write_text(f"Xft.dpi: {96 * settings.scale}\n")
        os.environ["XENVIRONMENT"] = str(resources)
    window.ask_desktop = lambda: _Said(settings)  # type: ignore[assignment,return-value]
    deletion.UNDO_SECONDS = settings.undo_seconds
    deletion.FINISH_SECONDS = settings.finish_seconds
    summary_window.REFRESH_MS = settings.refresh_ms
    means = WindowDependencies(
        _sources(settings, paths),
        Categories(loaded.config.categories),
        status,
        forget,
        remember,
        lambda: client.request(paths, "resume"),
        ConfigWatch(loaded, paths).look,
        settings.note,
    )
    window.show(means, Memory(settings.geometry, settings.view))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
