"""Queries for sessions and days, the same for SQLite and PostgreSQL."""
