"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import User, fresh_user

# How long an example takes says something about the machine, which others use too.
settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared machine")


@pytest.fixture
def user() -> Iterator[User]:
    """A person with an empty home; nothing in this process's environment changes."""
    with fresh_user() as person:
        yield person
