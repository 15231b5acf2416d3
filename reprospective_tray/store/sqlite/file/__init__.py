"""The local SQLite file: connections, permissions, erased bytes, copies, damage."""
