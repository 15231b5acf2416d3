"""Fixtures for all tests."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.support import User, fresh_user

DESKTOP = "tests/desktop/"
# What opens windows of its own alone: whichever process is free takes it, to a desktop of its own.
ON_ANY_DESKTOP = tuple(
    f"{DESKTOP}test_{name}"
    for name in ("summary_", "week", "privacy_bytes", "window_managers", "broken_settings")
)

# How long an example takes says something about the machine, which others use too.
settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests that wait for long be asked for."""
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "long: takes long; runs with --long alone")


class _ByFile(LoadScopeScheduling):
    """Gives each process whole files, and most of the desktop's to one of them.

    They wait for it most of the time, and what they measure is not to wait for each other.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        is_shared = file.startswith(DESKTOP) and not file.startswith(ON_ANY_DESKTOP)
        return DESKTOP if is_shared else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Share out the tests where they run in several processes."""
    return _ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes long where it was not asked for."""
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
