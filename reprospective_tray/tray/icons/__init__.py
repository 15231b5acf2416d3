"""The tray icon on each desktop: one driver a mechanism."""
