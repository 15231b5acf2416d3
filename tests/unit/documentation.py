"""The pages of the documentation, and what is in them."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from installer.steps import ROOT

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS]

_PARSER = MarkdownIt("commonmark").enable("table")


def name_of(page: Path) -> str:
    """Return a page's path below the repository."""
    return page.relative_to(ROOT).as_posix()


def tokens(page: Path) -> Iterator[Token]:
    """Yield all tokens of a page, those inside paragraphs and cells, too."""
    for token in _PARSER.parse(page.read_text("utf-8")):
        yield token
        yield from token.children or ()


def targets(page: Path) -> Iterator[str]:
    """Yield where the links and the pictures of a page lead to."""
    for token in tokens(page):
        if token.type in {"link_open", "image"}:
            yield str(token.attrs["href" if token.type == "link_open" else "src"])


def headings(page: Path) -> list[str]:
    """Return the headings of a page, as they read."""
    found = list(_PARSER.parse(page.read_text("utf-8")))
    return [
        "".join(part.content for part in inside.children or ())
        for token, inside in pairwise(found)
        if token.type == "heading_open"
    ]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a page."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(page)
    }


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page that are in a language."""
    return [token.content for token in tokens(page) if token.info == language]


def inline_code(page: Path) -> list[str]:
    """Return what stands in a page as code within a sentence or a cell."""
    return [token.content for token in tokens(page) if token.type == "code_inline"]


def commands(block: str) -> Iterator[list[str]]:
    """Yield the words of each command of a shell block; one may go over several lines."""
    kept = ""
    for line in block.splitlines():
        kept += line + "\n"
        try:
            words = shlex.split(kept, comments=True)
        except ValueError:
            continue  # a quotation goes on in the next line
        kept = ""
        if words:
            yield words
    assert not kept, kept


def section(page: Path, heading: str) -> str:
    """Return a section's text up to the next heading."""
    text = page.read_text("utf-8")
    begins = text.index(f"# {heading}\n")
    ends = text.find("\n#", begins)
    return text[begins : ends if ends >= 0 else len(text)]


def first_cells(text: str) -> list[str]:
    """Return what the first column of the tables in a text has as code."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [name for cell in rows for name in re.findall(r"`([^`]+)`", cell)]
