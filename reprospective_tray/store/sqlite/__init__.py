"""The local SQLite file: adapter, rows, daily totals, permissions, damage."""
