"""Desktops, windows on them, and the app under test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.summary_driver import Summary
from tests.desktop.windows import Windows
from tests.server.central import central
from tests.server.fixtures import database, own_server, postgres, proxy
from tests.support import User

__all__ = ["central", "database", "own_server", "postgres", "proxy"]


@pytest.fixture(scope="module")
def desktop() -> Iterator[VirtualDesktop]:
    """A desktop with an XEmbed tray (tint2) and notifications, shared by a module's tests."""
    with VirtualDesktop(panel="tint2", notifications=True) as made:
        yield made


@pytest.fixture(scope="module")
def statusnotifier_desktop() -> Iterator[VirtualDesktop]:
    """A desktop with a StatusNotifier tray (xfce4-panel), shared by a module's tests."""
    with VirtualDesktop(panel="xfce4-panel", notifications=True) as made:
        yield made


@pytest.fixture
def own_desktop() -> Iterator[VirtualDesktop]:
    """A desktop of one test alone, which may kill its X server and start another in its place.

    Its number is high and this process's own: in between no other test's server takes it.
    """
    with VirtualDesktop(panel="tint2", display=1000 + os.getpid() % 50_000) as made:
        yield made


@pytest.fixture
def windows(desktop: VirtualDesktop) -> Iterator[Windows]:
    """Real windows on `desktop`, closed at the end."""
    with Windows(desktop.env["DISPLAY"]) as made:
        yield made


@pytest.fixture
def make_app(user: User) -> Iterator[Callable[..., AppUnderTest]]:
    """Make the app for a desktop, not yet started: ``make_app(desktop, "--no-tray")``."""
    with ExitStack() as stack:

        def make(on: VirtualDesktop, *arguments: str) -> AppUnderTest:
            return stack.enter_context(AppUnderTest(user, on.env, *arguments))

        yield make


@pytest.fixture
def app(make_app: Callable[..., AppUnderTest], desktop: VirtualDesktop) -> AppUnderTest:
    """The app with its tray icon on `desktop`, running and answering."""
    return make_app(desktop).start()


@pytest.fixture(scope="session")
def wide_desktop() -> Iterator[VirtualDesktop]:
    """A bare desktop for windows at twice their size, shared by all tests that want one."""
    with VirtualDesktop(panel=None, size=(2300, 1400)) as made:
        yield made


@pytest.fixture
def summary(wide_desktop: VirtualDesktop, user: User) -> Iterator[Summary]:
    """The summary window of `user`, not yet opened; at the end it must close in good order."""
    made = Summary(wide_desktop, user)
    yield made
    made.end()
