"""Sets the program up from a clone, tests it, and shows it on a virtual desktop."""
