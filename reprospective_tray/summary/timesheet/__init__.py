"""The time sheet: what recorded time and entries come to, day by day, and its formats."""
