"""The command line: commands, options and values."""
