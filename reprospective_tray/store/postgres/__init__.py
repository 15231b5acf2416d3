"""The central PostgreSQL: how it is reached, and what `server init` creates there."""
