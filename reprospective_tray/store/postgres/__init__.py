"""The central PostgreSQL: connection, adapter, administration and schema."""
