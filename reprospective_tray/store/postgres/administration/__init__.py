"""What an administrator does on the server: roles, passwords, status, taking a schema over."""
