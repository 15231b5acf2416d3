"""Import of ActivityWatch exports: file shapes, events, and sessions built from them."""
