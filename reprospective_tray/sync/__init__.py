"""How what is recorded reaches the server: passes, batches, and what may leave the local file."""
