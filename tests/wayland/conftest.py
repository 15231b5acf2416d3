"""Wayland desktops, windows on them, and the app under test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from installer.demo.wayland_desktop import WaylandDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.support import User
from tests.wayland.app import app_on
from tests.wayland.stand_ins import BusSession
from tests.wayland.windows import Windows


@pytest.fixture(scope="session")
def desktop() -> Iterator[WaylandDesktop]:
    """Sway with XWayland and without a bar, shared by all tests that leave it as it was."""
    with WaylandDesktop() as made:
        yield made


@pytest.fixture(scope="module")
def bar_desktop() -> Iterator[WaylandDesktop]:
    """Sway with its bar, shared by a module's tests."""
    with WaylandDesktop(bar=True) as made:
        yield made


@pytest.fixture
def own_desktop() -> Iterator[WaylandDesktop]:
    """Sway with its bar for one test alone, which may kill it."""
    with WaylandDesktop(bar=True) as made:
        yield made


@pytest.fixture(scope="module")
def session() -> Iterator[BusSession]:
    """A Wayland session of which there is a bus alone, shared by a module's tests."""
    with BusSession() as made:
        yield made


@pytest.fixture
def within_session(session: BusSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a program of `session`."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE"):
        monkeypatch.setenv(name, session.env[name])


@pytest.fixture
def windows(desktop: WaylandDesktop) -> Iterator[Windows]:
    """Real windows on `desktop`, closed at the end."""
    with Windows(desktop) as made:
        yield made


@pytest.fixture
def make_app(user: User) -> Iterator[Callable[..., AppUnderTest]]:
    """Make the app for a desktop, not yet started: ``make_app(desktop, "--no-tray")``."""
    with ExitStack() as stack:

        def make(on: WaylandDesktop, *arguments: str) -> AppUnderTest:
            return stack.enter_context(app_on(on, user, *arguments))

        yield make
