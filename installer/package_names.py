"""What other Linux systems call the packages that `installer.system_packages` lists by Debian's."""

import re
import shutil
from collections.abc import Iterable

# How each package manager installs, in the order of the columns below.
INSTALL = {
    "dnf": "sudo dnf install",
    "pacman": "sudo pacman -S --needed",
    "zypper": "sudo zypper install",
}
# Debian's name: those of Fedora, of Arch and of openSUSE. Several names are parted by blanks; an
# empty one says that it comes with another package of the list, or with Python.
NAMES: dict[str, tuple[str, str, str]] = {
    "adwaita-icon-theme": ("adwaita-icon-theme", "adwaita-icon-theme", "adwaita-icon-theme"),
    "binutils": ("binutils", "binutils", "binutils"),
    "busybox": ("busybox", "busybox", "busybox"),
    "chromium": ("chromium", "chromium", "chromium"),
    "chromium-driver": ("chromedriver", "", "chromedriver"),
    "dbus": ("dbus-daemon", "dbus", "dbus-1"),
    "dbus-bin": ("dbus-tools", "", "dbus-1-tools"),
    "desktop-file-utils": ("desktop-file-utils", "desktop-file-utils", "desktop-file-utils"),
    "dex": ("dex-autostart", "dex", "dex"),
    "dunst": ("dunst", "dunst", "dunst"),
    "fontconfig": ("fontconfig", "fontconfig", "fontconfig"),
    "fonts-dejavu-core": ("dejavu-sans-fonts", "ttf-dejavu", "dejavu-fonts"),
    "fonts-inter": ("rsms-inter-fonts", "inter-font", "inter-fonts"),
    "fonts-noto-cjk": (
        "google-noto-sans-cjk-fonts",
        "noto-fonts-cjk",
        "google-noto-sans-cjk-fonts",
    ),
    "gcc": ("gcc", "gcc", "gcc"),
    "gir1.2-ayatanaappindicator3-0.1": (
        "libayatana-appindicator-gtk3",
        "libayatana-appindicator",
        "typelib-1_0-AyatanaAppIndicator3-0_1",
    ),
    "gir1.2-gtk-3.0": ("gtk3", "gtk3", "typelib-1_0-Gtk-3_0"),
    "git": ("git", "git", "git"),
    "grim": ("grim", "grim", "grim"),
    "gsettings-desktop-schemas": (
        "gsettings-desktop-schemas",
        "gsettings-desktop-schemas",
        "gsettings-desktop-schemas",
    ),
    "kwin-wayland": ("kwin-wayland", "kwin", "kwin6"),
    "libc6-dev": ("glibc-devel", "glibc", "glibc-devel"),
    "libcairo2-dev": ("cairo-gobject-devel", "cairo", "cairo-devel"),
    "libgirepository1.0-dev": (
        "gobject-introspection-devel",
        "gobject-introspection",
        "gobject-introspection-devel",
    ),
    "libglib2.0-bin": ("glib2", "glib2", "glib2-tools"),
    "librsvg2-common": ("librsvg2", "librsvg", "gdk-pixbuf-loader-rsvg"),
    "man-db": ("man-db", "man-db", "man"),
    "openbox": ("openbox", "openbox", "openbox"),
    "openssl": ("openssl", "openssl", "openssl"),
    "pgbouncer": ("pgbouncer", "pgbouncer", "pgbouncer"),
    "pkg-config": ("pkgconf-pkg-config", "pkgconf", "pkgconf-pkg-config"),
    "poppler-utils": ("poppler-utils", "poppler", "poppler-tools"),
    "python3-dbusmock": ("python3-dbusmock", "python-dbusmock", "python3-python-dbusmock"),
    "python3-dev": ("python3-devel", "", "python3-devel"),
    "python3-gi": ("python3-gobject", "python-gobject", "python3-gobject"),
    "python3-tk": ("python3-tkinter", "tk", "python3-tk"),
    "python3-venv": ("", "", ""),
    "sway": ("sway", "sway", "sway"),
    "tint2": ("tint2", "tint2", "tint2"),
    "wtype": ("wtype", "wtype", "wtype"),
    "x11-utils": ("xmessage", "xorg-xmessage", "xmessage"),
    "x11-xserver-utils": ("xrandr xsetroot", "xorg-xrandr xorg-xsetroot", "xrandr xsetroot"),
    "xdotool": ("xdotool", "xdotool", "xdotool"),
    "xfce4-panel": ("xfce4-panel", "xfce4-panel", "xfce4-panel"),
    "xfconf": ("xfconf", "xfconf", "xfconf"),
    "xvfb": ("xorg-x11-server-Xvfb", "xorg-server-xvfb", "xorg-x11-server-Xvfb"),
    "xwayland": ("xorg-x11-server-Xwayland", "xorg-xwayland", "xwayland"),
}


def manager_here() -> str | None:
    """Return the package manager of this system that the table knows; None where it has none."""
    return next((manager for manager in INSTALL if shutil.which(manager)), None)


def in_words_of(manager: str, debian_names: Iterable[str]) -> list[str]:
    """Return what a package manager calls these packages of Debian's.

    Raises:
        KeyError: the table lacks one of them.
    """
    column = list(INSTALL).index(manager)
    # Debian names the headers and venv of each Python apart: python3.11-dev.
    rows = [NAMES[re.sub(r"^python3\.\d+-", "python3-", name)] for name in debian_names]
    return sorted({word for row in rows for word in row[column].split()})


def how_to_install(manager: str | None, debian_names: Iterable[str]) -> str:
    """Return the command that installs these packages, or Debian's names where none is known."""
    if manager is None:
        return "by Debian's names: " + " ".join(debian_names)
    return f"{INSTALL[manager]} {' '.join(in_words_of(manager, debian_names))}"
