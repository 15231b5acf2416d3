"""The figures that README claims, measured: `python3 installer/bootstrap.py bench`."""
