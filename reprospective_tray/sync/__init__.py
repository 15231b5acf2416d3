"""Synchronisation with the server: passes, batches, scheduling and retention."""
