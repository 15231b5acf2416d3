"""Starts the frozen program, after the hooks have set its libraries' variables."""

import sys

from reprospective_tray.cli import main
from reprospective_tray.system import child_environment as outside

if __name__ == "__main__":
    outside.tell_apart()
    sys.exit(main())
