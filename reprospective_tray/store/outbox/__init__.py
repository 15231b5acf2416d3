"""What waits for the server, and what its answers change here."""
