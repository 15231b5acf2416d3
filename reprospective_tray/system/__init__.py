"""Operating system services for all packages: paths, private files, locks, logs, D-Bus."""
