"""What the summary window reads, in threads of its own: views, recorded days, the status."""
