"""Recovery of a damaged file: it is moved away, and its readable rows are copied."""
