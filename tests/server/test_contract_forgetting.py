"""The cases of forgetting chosen sessions, on a PostgreSQL."""

from tests.unit.test_forgetting_chosen import *  # noqa: F403  its tests are these tests
