"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest

from tests.support import User, fresh_user


@pytest.fixture
def user() -> Iterator[User]:
    """A person with an empty home; nothing in this process's environment changes."""
    with fresh_user() as person:
        yield person
