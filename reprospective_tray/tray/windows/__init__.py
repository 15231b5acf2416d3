"""The small windows of the tray: control, forget, messages."""
