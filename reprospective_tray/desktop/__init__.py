"""What the desktop gives: notifications, and what it can show of a text."""
