"""Permanent deletion of sessions: selecting them and erasing them."""
