"""Sets up and runs the program from a clone: `python3 installer/bootstrap.py run`.

Only Python itself is needed; this file parses on older ones too, so that they get a
sentence and not a SyntaxError.
"""

import os
import sys


def main() -> int:
    """Refuse a Python that is too old, then hand over to `installer.commands`."""
    if sys.version_info < (3, 11):  # noqa: UP036  this is where the promise of pyproject is kept
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write("Python 3.11 or newer is needed, and this is " + found + ".\n")
        return 1
    # Started as a script, the folder of this file is on the path, and its parent is not.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120  old Python
    from installer import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
