"""What the program needs of the system, and how it gets there on Debian and Ubuntu."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer import steps

# The tray menu: GTK with AppIndicator, and what PyGObject (it has no wheel) is built with.
TRAY_LIBRARIES = ("gir1.2-gtk-3.0", "gir1.2-ayatanaappindicator3-0.1")
TRAY_BUILD = ("gcc", "libc6-dev", "pkg-config", "libgirepository1.0-dev", "libcairo2-dev")
# pywinctl ends the process at import where xrandr is missing.
WINDOWS = ("x11-xserver-utils",)
# What tests, benchmark and demo use of a desktop: X server, window manager, both kinds of panel,
# stand-ins for logind and screen savers, notifications, input, an old program (xmessage), fonts for
# Latin and Japanese, SVG icons for GTK, and what starts and checks the entries of login programs.
VIRTUAL_DESKTOP = (
    "xvfb",
    "openbox",
    "tint2",
    "xfce4-panel",
    "xfconf",
    "dbus",
    "dbus-bin",
    "libglib2.0-bin",
    "python3-dbusmock",
    "dunst",
    "dex",
    "desktop-file-utils",
    "xdotool",
    "x11-utils",
    "x11-xserver-utils",
    "adwaita-icon-theme",
    "librsvg2-common",
    "fontconfig",
    "fonts-dejavu-core",
    "fonts-inter",
    "fonts-noto-cjk",
)
# What tests use of a Wayland desktop: compositor and bar, X11 programs on it, screenshots, input.
WAYLAND_DESKTOP = ("sway", "xwayland", "grim", "wtype")
# What tests put between the program and the PostgreSQL that comes from PyPI: a pooler, and the
# command that makes certificates for it. And the shell of the containers, with its tools.
SERVER_TESTS = ("pgbouncer", "openssl", "busybox")
# What shows the HTML report to the tests: a browser, what drives it, and what reads its PDF.
BROWSER_TESTS = ("chromium", "chromium-driver", "poppler-utils")
# What the tests marked long use beside that: KDE's compositor.
LONG_TESTS = ("kwin-wayland",)
# What builds the .deb and reads its manual page.
PACKAGE_TESTS = ("binutils", "man-db")
# What freezing takes along that no other way of running needs: GTK's reader of SVG icons; and what
# looks into libraries, and makes them smaller.
FREEZING = ("binutils", "librsvg2-common")

APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends")
APT_LISTS = Path("/var/lib/apt/lists")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that .venv is made of."""

    version: tuple[int, int]
    of_the_system: bool
    has_venv: bool
    has_tkinter: bool

    @classmethod
    def current(cls) -> "Interpreter":
        """Look at the Python that runs this."""
        return cls(
            version=sys.version_info[:2],
            of_the_system=sys.base_prefix == "/usr",
            has_venv=all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
            has_tkinter=importlib.util.find_spec("_tkinter") is not None,
        )


def wanted(interpreter: Interpreter, *, virtual_desktop: bool, tests: bool = False) -> list[str]:
    """Return the Debian packages that this way of running needs, installed or not."""
    names = [*TRAY_LIBRARIES, *TRAY_BUILD, *WINDOWS]
    if interpreter.of_the_system:
        python = "python{}.{}".format(*interpreter.version)
        names += [f"{python}-dev", f"{python}-venv", "python3-tk"]
    if virtual_desktop:
        names += VIRTUAL_DESKTOP
    if tests:
        names += (*WAYLAND_DESKTOP, *SERVER_TESTS, *BROWSER_TESTS, *PACKAGE_TESTS)
    return sorted(set(names))


def missing(names: Iterable[str], dpkg_status: str) -> list[str]:
    """Return the packages that `dpkg_status` does not show as installed.

    Args:
        names: What is wanted.
        dpkg_status: Lines of dpkg-query in the format ``${Package} ${db:Status-Status}``.
    """
    installed = {
        package
        for package, _, status in (line.partition(" ") for line in dpkg_status.splitlines())
        if status == "installed"
    }
    return [name for name in names if name not in installed]


def has_apt() -> bool:
    """Say whether this system installs by apt."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg-query"))


def missing_here(names: Sequence[str]) -> list[str]:
    """Return the packages that are missing on this machine, asked of dpkg."""
    answer = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *names],
        capture_output=True,
        text=True,
        check=False,  # it fails as soon as it has never heard of one of them
    )
    return missing(names, answer.stdout)


def root_prefix() -> list[str] | None:
    """Return what a command is put behind to run as root; None where nobody can."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if sys.stdin.isatty():
        return ["sudo"]
    allowed = subprocess.run(
        ["sudo", "--non-interactive", "true"], capture_output=True, check=False
    )
    return ["sudo", "--non-interactive"] if allowed.returncode == 0 else None


def install(names: Sequence[str]) -> None:
    """Install by apt; renew its lists first where there are none, or where the first try fails.

    Raises:
        steps.StepFailedError: nobody here may install, or apt failed twice.
    """
    prefix = root_prefix()
    if prefix is None:
        raise steps.StepFailedError(
            "Installing needs root or sudo. Please run this once, then start again:\n"
            f"    sudo apt-get install --no-install-recommends {' '.join(names)}"
        )
    if prefix == ["sudo"]:
        subprocess.run(["sudo", "--validate"], check=False)  # asks now, in sight, not into the log
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *APT]
    fresh = not any(APT_LISTS.glob("*_Packages*"))
    if fresh:
        steps.run_logged([*apt, "update"])
    try:
        steps.run_logged([*apt, "install", *names])
    except steps.StepFailedError:
        if fresh:
            raise
        steps.say("Renewing the package lists and trying once more.")
        steps.run_logged([*apt, "update"])
        install_singly([*apt, "install"], names)


def install_singly(command: Sequence[str], names: Sequence[str]) -> None:
    """Install all at once, else one by one: a name that one release lacks must not cost the rest.

    Raises:
        steps.StepFailedError: some could not be installed; names them, with what apt said last.
    """
    try:
        steps.run_logged([*command, *names])
    except steps.StepFailedError as failure:
        said = failure
    else:
        return
    refused = []
    for name in names:
        try:
            steps.run_logged([*command, name])
        except steps.StepFailedError as failure:
            refused.append(name)
            said = failure
    if refused:
        raise steps.StepFailedError(f"Not installed: {', '.join(refused)}\n{said}") from said


def elsewhere(interpreter: Interpreter, *, virtual_desktop: bool, tests: bool = False) -> str:
    """Return the one message for a Linux without apt: what to install, by Debian's names."""
    names = wanted(interpreter, virtual_desktop=virtual_desktop, tests=tests)
    return (
        "This system has no apt, so nothing is installed by itself. What is needed, by Debian's "
        "names of it:\n    " + " ".join(names)
    )


def complete(names: Sequence[str]) -> None:
    """Install what is missing of `names`, where there is apt; say what could not be installed."""
    lacking = missing_here(names) if has_apt() else []
    if lacking:
        steps.say(f"Installing {len(lacking)} system packages: {', '.join(lacking)}")
        try:
            install(lacking)
        except steps.StepFailedError as failure:
            steps.warn(str(failure))
            steps.warn("Going on without them.")


def provide(interpreter: Interpreter, *, virtual_desktop: bool, tests: bool = False) -> None:
    """Install what this machine lacks, or say what it lacks, and go on where that can be.

    Raises:
        steps.StepFailedError: what is lacking is needed for any of it to work.
    """
    complete(wanted(interpreter, virtual_desktop=virtual_desktop, tests=tests))
    if not Interpreter.current().has_venv:
        raise steps.StepFailedError(
            f"{sys.executable} cannot make virtual environments: its modules venv and ensurepip "
            "are missing (Debian's package python3-venv)."
        )
    if not interpreter.of_the_system and not interpreter.has_tkinter:
        steps.warn(
            f"{sys.executable} was built without tkinter: the summary window cannot open. "
            "Everything else works."
        )
