"""What the program remembers between starts: the pause, and what was shown already."""
