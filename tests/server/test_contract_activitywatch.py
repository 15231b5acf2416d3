"""The cases of one history that is imported again, on a PostgreSQL."""

import pytest

from tests.unit.test_activitywatch_again import *  # noqa: F403  its tests are these tests

pytestmark = pytest.mark.long
