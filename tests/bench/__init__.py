"""The figures of docs/figures.md, measured: `python3 installer/bootstrap.py bench`."""
