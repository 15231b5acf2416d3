"""The cases of stretches, on a PostgreSQL."""

from tests.unit.test_focus_streaks import *  # noqa: F403  its tests are these tests
