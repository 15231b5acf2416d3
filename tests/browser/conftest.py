"""A browser, and pages in it."""

import gettext
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from installer.build_catalogues import compile_catalogue
from reprospective_tray import messages
from reprospective_tray.summary.formats.as_html import render
from tests.browser.browser import CHROMIUM, DRIVER, Browser
from tests.browser.samples import CATEGORIES, sample

Open = Callable[..., Browser]
_MADE = datetime(2026, 11, 23, 18, 24)  # noqa: DTZ001  by the clock on the wall
_SHOWN = "REPORT_PICTURES"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser for all tests; skips where none is installed."""
    for program in (CHROMIUM, DRIVER):
        if not os.access(program, os.X_OK):
            pytest.skip(f"{program} is not installed")
    with Browser() as started:
        yield started


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Open:
    """Return what opens a sample's page at a width: ``open_page("week", 390, "dark")``.

    Where the environment variable REPORT_PICTURES names a folder, pictures are left there.
    """

    def open_it(name: str, width: int = 1120, scheme: str = "light") -> Browser:
        page = tmp_path / f"{name}.html"
        found = sample(name)
        page.write_text(render(*found, CATEGORIES, now=_MADE), "utf-8")
        browser.show(width, 800, scheme=scheme)
        browser.open(page)
        if folder := os.environ.get(_SHOWN):
            target = Path(folder) / f"{name}-{messages.language()}-{width}-{scheme}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(browser.picture())
        return browser

    return open_it


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The catalogue as it is now: what an earlier build compiled may be stale."""
    source = Path(messages.__file__).parent / "locale" / "ja" / "LC_MESSAGES"
    target = tmp_path / "ja" / "LC_MESSAGES"
    target.mkdir(parents=True)
    copy = target / f"{messages.DOMAIN}.po"
    copy.write_bytes((source / copy.name).read_bytes())
    compile_catalogue(copy)
    monkeypatch.setattr(
        messages, "_current", gettext.translation(messages.DOMAIN, tmp_path, ["ja"])
    )
