"""The user's settings: keys and their bounds, parsing with line numbers, writing, reloading."""
