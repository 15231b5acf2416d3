"""`python -m installer.frozen` freezes, in the environment that bootstrap.py has made."""

import sys

from installer import steps
from installer.frozen import build

if __name__ == "__main__":
    try:
        sys.exit(build.main(sys.argv[1:]))
    except steps.StepFailedError as failure:
        steps.warn(str(failure))
        sys.exit(1)
