"""What the program remembers between starts: the pause, and what it has already shown."""
