"""What the person clicks: the tray icon, its menu, and the window that stands in for them."""
