"""How the central PostgreSQL is reached: address, password, deadlines, errors."""
