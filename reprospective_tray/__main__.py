"""`python -m reprospective_tray` is the command `reprospective-tray`."""

import sys

from reprospective_tray.cli import main

if __name__ == "__main__":
    sys.exit(main())
