"""Storage of sessions: tables, databases, recording, queries, outbox, import and export."""

from reprospective_tray.system.lean_memory import without

# peewee tries to import a PostgreSQL driver and OpenSSL's hashes; Python's own hashes suffice.
with without("psycopg2", "psycopg", "_hashlib"):
    import peewee  # noqa: F401  loaded here, before anything else can
