"""Says where the list of GTK's readers of pictures lies, before GTK asks; runs at each start."""

import os
import sys

os.environ["GDK_PIXBUF_MODULE_FILE"] = os.path.join(sys._MEIPASS, "loaders.cache")  # noqa: PTH118, SLF001  no import that a start can do without
