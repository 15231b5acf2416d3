"""What every kind of database offers: the abstract adapter and its parts."""
