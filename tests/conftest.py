"""Fixtures for all tests."""

import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.bystander import Bystander
from tests.support import User, fresh_user

UNIT = Path(__file__).with_name("unit")

# How long an example takes says something about the machine, which others use too.
settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that wait for long be asked for."""
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known, and hear of Ctrl+C: a shell's background job is started deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "long: takes long; runs with --long alone")
    config.addinivalue_line("markers", "trust: holds a fault of issue Trust closed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes long where it was not asked for; what takes least comes last.

    Where processes take file by file, none is then left over with a long one at the end.
    """
    items.sort(key=lambda item: UNIT in item.path.parents)
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes long: ask for it with --long"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what a test has logged travel between processes: no lone surrogate can."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "replace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture
def user() -> Iterator[User]:
    """A person with an empty home; nothing in this process's environment changes."""
    with fresh_user() as person:
        yield person


@pytest.fixture
def bystander() -> Iterator[Bystander]:
    """A process that shows how busy the machine is during the test."""
    with Bystander() as made:
        yield made
