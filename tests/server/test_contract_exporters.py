"""The cases of exports that ask a database, on a PostgreSQL."""

from tests.unit.test_exporters import (
    test_lines_come_in_the_order_of_their_start,
    test_numbers_are_no_formulas,
)

__all__ = ["test_lines_come_in_the_order_of_their_start", "test_numbers_are_no_formulas"]
