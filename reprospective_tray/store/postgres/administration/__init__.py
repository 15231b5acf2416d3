"""Administration of the server: roles, passwords, status, taking over a schema."""
