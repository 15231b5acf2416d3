"""The cases of stretches, on a PostgreSQL."""

import pytest

from tests.unit.test_focus_streaks import *  # noqa: F403  its tests are these tests

pytestmark = pytest.mark.long
