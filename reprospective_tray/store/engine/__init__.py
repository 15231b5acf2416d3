"""The interfaces that every kind of database implements: the abstract adapter and its parts."""
