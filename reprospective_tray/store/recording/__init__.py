"""Writes session changes as rows: queue, writer, and spool for an unavailable database."""
