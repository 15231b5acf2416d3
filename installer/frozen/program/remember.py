"""Runs before all else in the frozen program: what is changed from here on, is its own alone."""

from reprospective_tray.system import child_environment

child_environment.remember()
