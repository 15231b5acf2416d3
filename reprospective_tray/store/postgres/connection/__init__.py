"""Connections to the central PostgreSQL: address, password, deadlines, errors."""
