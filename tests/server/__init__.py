"""Tests against a real PostgreSQL, and the real parts that they are made of."""
