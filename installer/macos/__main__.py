"""`python -m installer.macos` builds the disk image, on macOS alone."""

import sys

from installer import steps
from installer.macos import build

if __name__ == "__main__":
    try:
        sys.exit(build.main(sys.argv[1:]))
    except steps.StepFailedError as failure:
        steps.warn(str(failure))
        sys.exit(1)
