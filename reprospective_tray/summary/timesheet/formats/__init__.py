"""The time sheet in its formats: a module each, from a `TimeSheet` to text."""
