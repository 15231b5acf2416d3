"""Turns observations of the desktop into sessions: probe, privacy, sessionizer, monitor thread."""
