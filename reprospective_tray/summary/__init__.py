"""What the person looks back at: the report, the window, and the figures both show."""
