"""The person as a program of its own, for a system that has no Python."""

import os

# What the start of this program needs alone: what is started by the person must not see it.
for name in [name for name in os.environ if name.startswith(("LD_LIBRARY_PATH", "_PYI_"))]:
    del os.environ[name]

from tests.packages.person import main  # noqa: E402  the variables first

if __name__ == "__main__":
    main()
