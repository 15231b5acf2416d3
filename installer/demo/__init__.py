"""The program at work on a virtual desktop: for `run` without a display, for tests and pictures."""
