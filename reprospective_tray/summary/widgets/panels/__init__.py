"""What the window shows of a range: figures, applications, charts, sessions."""
