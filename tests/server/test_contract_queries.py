"""The cases of questions, on a PostgreSQL."""

from tests.unit.test_queries import *  # noqa: F403  its tests are these tests
