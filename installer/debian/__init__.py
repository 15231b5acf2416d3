"""The package for Debian and Ubuntu: `python3 installer/bootstrap.py package deb` builds it."""
