"""Starts the frozen program, after the hooks have set its libraries' variables."""

import sys

from reprospective_tray.cli import main
from reprospective_tray.system import child_environment

if __name__ == "__main__":
    child_environment.tell_apart()
    sys.exit(main())
