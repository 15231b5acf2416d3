"""A damaged file: it is set aside, and what can be read of it is taken over."""
