"""Rows of the local file, and the daily totals that follow them."""
