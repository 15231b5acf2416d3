"""The control channel between the running instance and commands; one instance per user."""
