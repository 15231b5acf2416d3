"""What may stand on the command line: commands, options and values."""
