"""Entries: what a person says that a time was for, written by commands and the window."""
