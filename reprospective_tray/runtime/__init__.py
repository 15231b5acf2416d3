"""The running program: what is built, started and stopped, and in what order."""
