"""Dialogs over the summary window: a day, a file, and how Tk's own look."""
