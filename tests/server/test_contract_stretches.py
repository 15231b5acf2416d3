"""The cases of stretches, on a PostgreSQL."""

from tests.unit.test_stretches import *  # noqa: F403  its tests are these tests
