"""The running program: what is built, what starts and stops, and in what order."""
