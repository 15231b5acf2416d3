"""The cases of questions, on a PostgreSQL."""

import pytest

from tests.unit.test_queries import *  # noqa: F403  its tests are these tests

pytestmark = pytest.mark.long
