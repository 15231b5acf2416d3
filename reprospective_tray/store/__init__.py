"""Where sessions are kept: tables, databases, recording, questions, sending, files."""

from reprospective_tray.system.lean_memory import without

# peewee looks for a PostgreSQL driver, and takes OpenSSL's hashes where Python's own do.
with without("psycopg2", "psycopg", "_hashlib"):
    import peewee  # noqa: F401  loaded here, before anything else can
