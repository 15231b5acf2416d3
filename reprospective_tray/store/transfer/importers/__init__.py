"""Sessions from elsewhere: one file a format."""
