"""`python -m installer.windows` builds the set-up program, on Windows alone."""

import sys

from installer import steps
from installer.windows import build

if __name__ == "__main__":
    try:
        sys.exit(build.main(sys.argv[1:]))
    except steps.StepFailedError as failure:
        steps.warn(str(failure))
        sys.exit(1)
