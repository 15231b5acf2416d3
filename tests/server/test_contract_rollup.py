"""The cases of the daily rollup, on the view that has its place on a PostgreSQL."""

from tests.unit.test_daily_totals import *  # noqa: F403  its tests are these tests
