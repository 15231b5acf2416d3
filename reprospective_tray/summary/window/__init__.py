"""The summary window, a process of its own."""
