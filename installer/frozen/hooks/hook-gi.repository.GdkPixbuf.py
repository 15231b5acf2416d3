"""GTK's pictures, with the one reader of them that is no part of the library: the desktop's icons.

The list of readers names it without a folder, so it is found beside the libraries. PyInstaller's
own way is to write a list with the whole path to /tmp at every start, where it stays after a kill.
"""

import shutil
import subprocess
from pathlib import Path

from PyInstaller.config import CONF
from PyInstaller.utils.hooks.gi import GiModuleInfo

READER = "libpixbufloader-svg.so"
LIST = "loaders.cache"
TOOL = "gdk-pixbuf-query-loaders"


def hook(hook_api: object) -> None:
    """Collect the library, the reader, and a list of it."""
    information = GiModuleInfo("GdkPixbuf", "2.0", hook_api)
    binaries, datas, modules = information.collect_typelib_data()
    folder = Path(information.get_libdir(), "gdk-pixbuf-2.0")
    (reader,) = folder.glob(f"*/loaders/{READER}")
    tool = shutil.which(TOOL) or folder / TOOL
    told = subprocess.run([tool, reader], check=True, capture_output=True, text=True).stdout
    lines = (line for line in told.splitlines() if not line.startswith("#"))
    listed = "\n".join(line.replace(f'"{reader}"', f'"{READER}"') for line in lines)
    file = Path(CONF["workpath"], LIST)
    file.write_text(listed + "\n", "utf-8")
    hook_api.add_binaries([*binaries, (str(reader), ".")])
    hook_api.add_datas([*datas, (str(file), ".")])
    hook_api.add_imports(*modules)
