"""Tests that need no display."""
