"""What `doctor` checks, one file for each part of the program; `finding` has the results."""
