"""Draws the rooms of the program and their imports into docs/rooms.md.

    python3 -m installer.draw_rooms

A room is a package or module directly below `reprospective_tray`. Its floor comes from the contract
in pyproject.toml, its imports from the source, its description from its docstring. The file lies in
the repository; a test holds that it is what this makes.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from installer import steps

PACKAGE = "reprospective_tray"
PAGE = steps.ROOT / "docs" / "rooms.md"

Floors = list[list[str]]
Imports = dict[str, set[str]]

HEAD = """\
# The rooms and their imports

This page shows the packages and modules below `reprospective_tray`, and which of them import which.

`python3 -m installer.draw_rooms` makes this page from the imports. Each box is a room, each frame
a floor. A room imports from lower floors, and on the lowest floor also from its neighbours;
import-linter checks this (`pyproject.toml`). The picture leaves out each arrow that follows from
others; the table has all imports.
"""


def floors() -> Floors:
    """Return the rooms of each floor, the highest first, from the contract in pyproject.toml."""
    settings = tomllib.loads((steps.ROOT / "pyproject.toml").read_text("utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [re.split(r"\s*[|:]\s*", layer) for layer in contract["layers"]]


def files_of(room: str) -> list[Path]:
    """Return the source files of a room."""
    folder = steps.ROOT / PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imported_by(file: Path) -> Iterator[str]:
    """Yield the rooms that a file imports from, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _dot, below = name.partition(".")
            if package == PACKAGE:
                yield below.partition(".")[0]


def imports(rooms: list[str]) -> Imports:
    """Return for each room the other rooms that it imports from."""
    found = {
        room: {name for file in files_of(room) for name in imported_by(file)} for room in rooms
    }
    return {room: names & set(rooms) - {room} for room, names in found.items()}


def description(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    first, *_rest = sorted(files_of(room), key=lambda file: (len(file.parts), file.name))
    said = ast.get_docstring(ast.parse(first.read_text("utf-8"))) or ""
    return " ".join(said.split("\n\n")[0].split())


def arrows(plan: Floors, found: Imports) -> Iterator[tuple[str, str]]:
    """Yield the imports from lower floors that do not follow from others."""
    height = {room: -number for number, rooms in enumerate(plan) for room in rooms}
    below = {room: {name for name in found[room] if height[name] < height[room]} for room in found}
    for room in (room for rooms in plan for room in rooms):
        through = set().union(*(reached(name, below) for name in below[room]))
        yield from ((room, name) for name in height if name in below[room] - through)


def reached(room: str, below: Imports) -> set[str]:
    """Return all rooms that a room imports from, directly or through others."""
    return below[room].union(*(reached(name, below) for name in below[room]))


def picture(plan: Floors, found: Imports) -> str:
    """Return the Mermaid diagram."""
    lines = ["flowchart TD"]
    for number, rooms in zip(range(len(plan), 0, -1), plan, strict=True):
        lines.append(f'  subgraph floor{number}["floor {number}"]')
        lines += [f'    {room}["{room}"]' for room in rooms]
        lines.append("  end")
    drawn = list(arrows(plan, found))
    lines += [f"  {room} --> {name}" for room, name in drawn]
    for upper, lower in pairwise(plan):
        if not any(room in upper and name in lower for room, name in drawn):
            lines.append(f"  {upper[0]} ~~~ {lower[0]}")  # unseen: it keeps the floors in order
    return "\n".join(lines)


def table(plan: Floors, found: Imports) -> str:
    """Return a line a room: its floor, what it is for, and all that it imports from."""
    order = [room for rooms in plan for room in rooms]
    lines = ["| floor | room | what is in it | imports from |", "|---|---|---|---|"]
    for number, rooms in zip(range(len(plan), 0, -1), plan, strict=True):
        for room in rooms:
            place = files_of(room)[0]
            link = f"../{PACKAGE}/{room}" + ("" if place.stem != room else ".py")
            names = ", ".join(name for name in order if name in found[room]) or "none"
            text = description(room).replace("|", "\\|")
            lines.append(f"| {number} | [{room}]({link}) | {text} | {names} |")
    return "\n".join(lines)


def page() -> str:
    """Return the whole page."""
    plan = floors()
    found = imports([room for rooms in plan for room in rooms])
    return f"{HEAD}\n```mermaid\n{picture(plan, found)}\n```\n\n{table(plan, found)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8", newline="\n")
