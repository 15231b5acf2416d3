"""A month to pick a day from."""
