"""Where the commands print: standard output, files, progress bars."""
