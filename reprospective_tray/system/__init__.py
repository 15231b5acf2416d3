"""What the operating system gives every room: paths, private files, locks, logs, D-Bus."""
