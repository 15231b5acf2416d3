"""What goes into the frozen program, and what stays out. Needs no PyInstaller, and freezes nothing.

PyInstaller follows import statements, also those inside functions. Named here is what is imported
by a name that is put together, or from a file that is no module.
"""

import ast
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

PACKAGE = "reprospective_tray"
NAME = "reprospective-tray"
MIGRATIONS = Path("store/sqlite/migrations")

# Whose modules are found by name at run time, all of them.
LOADED_BY_NAME = ("apscheduler", "keyring.backends")
OF_THE_SYSTEM = {
    "linux": (
        *("pystray._appindicator", "pystray._gtk", "pystray._xorg"),
        *("gi.repository.AyatanaAppIndicator3", "gi.repository.Gtk", "gi.repository.GdkX11"),
        *("gi.repository.Gdk", "gi.repository.Gio", "gi.repository.GLib", "gi.repository.GObject"),
        "gi.repository.DBus",  # asked for by its name and version alone
        "_cffi_backend",  # pywayland's compiled part loads it
    ),
    "win32": ("pystray._win32", "keyring.backends.Windows", "win32timezone"),
    "darwin": ("pystray._darwin", "keyring.backends.macOS"),
}
# GTK does not load without them, and a desktop of X11 alone may not have them. PyInstaller leaves
# them to the system since drivers for OpenGL need its own; here nothing draws by OpenGL.
CARRIED_ON_LINUX = ("libwayland-client.so.0", "libwayland-cursor.so.0", "libwayland-egl.so.1")
LOADED_BY_NAME_ON_LINUX = ("Xlib",)
# Who asks for their own version, or is found by what they say about themselves.
DESCRIBED = ("apscheduler", "keyring", NAME)
# The versions that the tray takes, and nothing of what only looks different without it.
OF_GTK: dict[str, object] = {
    "module-versions": {"Gtk": "3.0", "Gdk": "3.0", "GdkX11": "3.0", "AyatanaAppIndicator3": "0.1"},
    **dict.fromkeys(("icons", "themes", "languages"), ()),
}

# Imported by somebody for a case that does not arise here; each with what only it brings along.
EXCLUDED = (
    *("test", "unittest", "pydoc", "doctest", "idlelib", "lib2to3", "ensurepip", "venv"),
    *("tkinter.test", "turtle", "turtledemo", "setuptools", "pip", "pkg_resources", "numpy"),
    *("PIL.ImageQt", "PIL._avif", "PIL._webp", "PIL._imagingcms", "PIL.ImageShow"),
    *("psycopg", "psycopg2_pool", "curses", "readline", "IPython", "pytest", "hypothesis"),
)
# What PyInstaller has done at each start, for cases that do not arise here: the sources of modules,
# their lists, processes that are forks of this one, a list of readers of pictures in /tmp. It costs
# every command a tenth of a second.
NEEDLESS_AT_START = (
    *("pyi_rth_inspect", "pyi_rth_pkgutil", "pyi_rth_multiprocessing", "pyi_rth_gdkpixbuf"),
)
# Collected by the hooks in bulk. What a person sees does not need them: the desktop's own icons
# and themes are found where they are, Tk's zones and demos are nobody's, GTK speaks no sentence.
DROPPED = (
    *("share/locale/*", "share/icons/*", "share/themes/*", "share/fontconfig/*", "share/mime/*"),
    *("_tcl_data/tzdata/*", "_tcl_data/http*", "_tk_data/demos/*", "_tk_data/images/*"),
    *("_tcl_data/msgs/*", "tcl8/8.*/http-*", "tcl8/8.*/tcltest-*"),
    *(f"{PACKAGE}/*.po", f"{PACKAGE}/py.typed", "*/tests/*", "*.pyi"),
)


def own_modules(package: Path) -> list[str]:
    """Return every module of the program by its dotted name; migrations are scripts, not modules.

    Args:
        package: The folder of the program.
    """
    files = (file.relative_to(package) for file in package.rglob("*.py"))
    modules = (file.with_suffix("") for file in files if MIGRATIONS not in file.parents)
    names = (".".join((PACKAGE, *module.parts)) for module in modules)
    return sorted(name.removesuffix(".__init__") for name in names)


def imports_of_scripts(package: Path) -> list[str]:
    """Return what the migrations import: they lie there as files, where nobody looks into them."""
    found: set[str] = set()
    for script in (package / MIGRATIONS).glob("*.py"):
        for node in ast.walk(ast.parse(script.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return sorted(found)


def data_files(package: Path) -> list[tuple[str, str]]:
    """Return the program's files that are no modules, each with its folder in the build."""
    found = []
    for file in package.rglob("*"):
        inside = file.relative_to(package)
        is_code = file.suffix in {".py", ".pyc", ".po"} and inside.parent != MIGRATIONS
        if file.is_file() and not is_code and "__pycache__" not in inside.parts:
            found.append((str(file), str(Path(PACKAGE, inside.parent))))
    return sorted(found)


def is_dropped(name: str) -> bool:
    """Say whether a collected file stays out, by its path in the build."""
    path = name.replace("\\", "/")
    return any(fnmatch(path, pattern) for pattern in DROPPED)


def kept(collected: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return what of PyInstaller's list (path in the build, source, kind) goes in."""
    return [entry for entry in collected if not is_dropped(entry[0])]


def needed_at_start(scripts: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return what of PyInstaller's list is run at each start."""
    return [script for script in scripts if script[0] not in NEEDLESS_AT_START]


def of_this_system() -> tuple[str, ...]:
    """Return the modules that this system's program imports by name."""
    return OF_THE_SYSTEM["linux" if sys.platform.startswith("linux") else sys.platform]
