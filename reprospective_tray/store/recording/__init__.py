"""From session changes to rows: queue, writer, and what is kept when the database is away."""
