"""The person's settings: every key with its bounds, the file's lines, writing, reloading."""
