"""Deleting sessions for good: what lies in a range, and erasing it."""
