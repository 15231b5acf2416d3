"""The cases of recording, on a PostgreSQL."""

from tests.unit.test_session_writer import *  # noqa: F403  its tests are these tests
