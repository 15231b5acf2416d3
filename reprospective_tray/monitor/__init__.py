"""What the person does, as sessions: probe, privacy, sessionizer and the thread that pumps."""
