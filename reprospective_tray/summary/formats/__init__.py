"""The report in its formats: a module each, from a `Report` to text."""
