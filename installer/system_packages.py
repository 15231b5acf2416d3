"""What the program needs of the system, and how it gets there on Debian and Ubuntu."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer import package_names, steps

# The tray menu: GTK with AppIndicator, and PyGObject, as a package for the system's own Python;
# it has no wheel, so that for any other Python it is built, with these.
TRAY_LIBRARIES = ("gir1.2-gtk-3.0", "gir1.2-ayatanaappindicator3-0.1")
PYGOBJECT = "python3-gi"
PYGOBJECT_BUILD = ("gcc", "libc6-dev", "pkg-config", "libgirepository1.0-dev", "libcairo2-dev")
# pywinctl ends the process at import where xrandr is missing.
WINDOWS = ("x11-xserver-utils",)
# The virtual desktop of the demo: X server, window manager, panel, notifications, input, fonts (one
# for Latin, one for Japanese), GTK's settings and SVG icons.
VIRTUAL_DESKTOP = (
    "xvfb",
    "openbox",
    "tint2",
    "dbus",
    "libglib2.0-bin",
    "dunst",
    "xdotool",
    "x11-xserver-utils",
    "adwaita-icon-theme",
    "librsvg2-common",
    "fontconfig",
    "fonts-dejavu-core",
    "fonts-inter",
    "fonts-noto-cjk",
    "gsettings-desktop-schemas",
)
# What tests and benchmark use of a desktop besides: a panel of the other kind, stand-ins for logind
# and screen savers, an old program of X11 (xmessage), and what starts and checks the entries of
# login programs.
DESKTOP_TESTS = (
    "xfce4-panel",
    "xfconf",
    "dbus-bin",
    "python3-dbusmock",
    "dex",
    "desktop-file-utils",
    "x11-utils",
)
# Without these the virtual desktop does not come up at all.
DESKTOP_PROGRAMS = ("Xvfb", "openbox", "tint2", "dbus-daemon", "xdotool", "xsetroot")
# What tests use of a Wayland desktop: compositor and bar, X11 programs on it, screenshots, input.
WAYLAND_DESKTOP = ("sway", "xwayland", "grim", "wtype")
# What tests put between the program and the PostgreSQL that comes from PyPI: a pooler, and the
# command that makes certificates for it. And the shell of the containers, with its tools.
SERVER_TESTS = ("pgbouncer", "openssl", "busybox")
# What shows the HTML report to the tests: a browser, what drives it, and what reads its PDF.
BROWSER_TESTS = ("chromium", "chromium-driver", "poppler-utils")
# What the tests marked long use beside that: KDE's compositor.
LONG_TESTS = ("kwin-wayland",)
# What builds the .deb, reads its manual page, and tells the files of the repository.
PACKAGE_TESTS = ("binutils", "git", "man-db")
# What freezing takes along that no other way of running needs: GTK's reader of SVG icons; and what
# looks into libraries, and makes them smaller. PyGObject is built for it.
FREEZING = ("binutils", "librsvg2-common")

APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends")
GOING_ON = "Continuing without those that are missing."
APT_LISTS = Path("/var/lib/apt/lists")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that .venv is made of."""

    version: tuple[int, int]
    of_the_system: bool
    is_default: bool
    """Whether it is the one for which the system has packages of Python modules."""
    has_venv: bool
    has_tkinter: bool

    @classmethod
    def current(cls) -> "Interpreter":
        """Look at the Python that runs this."""
        of_the_system = sys.base_prefix == "/usr"
        versioned = "/usr/bin/python{}.{}".format(*sys.version_info)
        return cls(
            version=sys.version_info[:2],
            of_the_system=of_the_system,
            is_default=of_the_system
            and os.path.realpath("/usr/bin/python3") == os.path.realpath(versioned),
            has_venv=all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
            has_tkinter=importlib.util.find_spec("_tkinter") is not None,
        )


def wanted(interpreter: Interpreter, *, virtual_desktop: bool, tests: bool = False) -> list[str]:
    """Return the Debian packages that this way of running needs, installed or not."""
    names = [*TRAY_LIBRARIES, *WINDOWS]
    names += [PYGOBJECT] if interpreter.is_default else building_pygobject(interpreter)
    if interpreter.of_the_system:
        names += ["python{}.{}-venv".format(*interpreter.version), "python3-tk"]
    if virtual_desktop:
        names += VIRTUAL_DESKTOP
    if tests:
        names += (*DESKTOP_TESTS, *WAYLAND_DESKTOP, *SERVER_TESTS, *BROWSER_TESTS, *PACKAGE_TESTS)
    return sorted(set(names))


def building_pygobject(interpreter: Interpreter) -> list[str]:
    """Return the Debian packages with which PyGObject is built for this Python."""
    headers = "python{}.{}-dev".format(*interpreter.version)
    return [*PYGOBJECT_BUILD, *([headers] if interpreter.of_the_system else [])]


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
    """Return what a command is put behind to run as root; None where this person may not.

    On a terminal sudo asks for the password now, in sight.
    """
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if sys.stdin.isatty():
        asked = subprocess.run(["sudo", "--validate"], check=False)
        return ["sudo"] if asked.returncode == 0 else None
    allowed = subprocess.run(
        ["sudo", "--non-interactive", "true"], capture_output=True, check=False
    )
    return ["sudo", "--non-interactive"] if allowed.returncode == 0 else None


def install(names: Sequence[str], prefix: Sequence[str]) -> None:
    """Install by apt; renew its lists first where there are none, or where the first try fails.

    Args:
        names: Debian's names of the packages.
        prefix: What makes a command run as root, see `root_prefix`.

    Raises:
        steps.StepFailedError: apt failed twice.
    """
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


def by_an_administrator(names: Sequence[str]) -> str:
    """Return the one message for a person who may not install what is missing."""
    return (
        f"System packages are missing here: {', '.join(names)}.\n"
        "Only root, or a person with sudo, can install them:\n"
        "    apt-get update && apt-get install --no-install-recommends " + " ".join(names)
    )


def elsewhere(
    interpreter: Interpreter, manager: str | None, *, virtual_desktop: bool, tests: bool = False
) -> str:
    """Return the one message for a Linux without apt: what to install, in that system's words.

    Args:
        interpreter: The Python that .venv is made of.
        manager: A package manager of `package_names.INSTALL`; None where there is none of them.
        virtual_desktop: Whether the program will run on a virtual desktop.
        tests: Whether the tests will run.
    """
    names = wanted(interpreter, virtual_desktop=virtual_desktop, tests=tests)
    return (
        "This system has no apt, so nothing is installed automatically. Required system packages:\n"
        f"    {package_names.how_to_install(manager, names)}"
    )


def complete(names: Sequence[str]) -> str:
    """Install what is missing of `names`, where there is apt.

    Returns:
        Why some are still missing, with what a person can do; empty where none is.
    """
    lacking = missing_here(names) if has_apt() else []
    if not lacking:
        return ""
    prefix = root_prefix()
    if prefix is None:
        return by_an_administrator(lacking)
    steps.say(f"Installing {len(lacking)} system packages: {', '.join(lacking)}")
    try:
        install(lacking, prefix)
    except steps.StepFailedError as failure:
        return str(failure)
    return ""


def complete_or_warn(names: Sequence[str]) -> None:
    """Install what is missing of `names`; where that cannot be, say so and go on."""
    if missing := complete(names):
        steps.warn(f"{missing}\n{GOING_ON}")


def obstacle(*, virtual_desktop: bool) -> str:
    """Return why nothing can be started here, a sentence; empty where something can be."""
    if not Interpreter.current().has_venv:
        return (
            f"{sys.executable} cannot make virtual environments: its modules venv and ensurepip "
            "are missing (Debian's package python3-venv)."
        )
    lacking = [name for name in DESKTOP_PROGRAMS if virtual_desktop and not shutil.which(name)]
    return f"A virtual desktop needs {', '.join(lacking)}, not found here." if lacking else ""


def provide(
    interpreter: Interpreter, *, virtual_desktop: bool, tests: bool = False, ready: bool = False
) -> None:
    """Install what this machine lacks, or say once what it lacks, and go on where that can be.

    Args:
        interpreter: The Python that .venv is made of.
        virtual_desktop: Whether the program will run on a virtual desktop.
        tests: Whether the tests will run.
        ready: Whether it was all there before; then a system without apt is not spoken of again.

    Raises:
        steps.StepFailedError: what is lacking is needed for any of it to work.
    """
    use = {"virtual_desktop": virtual_desktop, "tests": tests}
    missing = complete(wanted(interpreter, **use))
    if not has_apt() and not ready:
        missing = elsewhere(interpreter, package_names.manager_here(), **use)
    if stopped := obstacle(virtual_desktop=virtual_desktop):
        raise steps.StepFailedError("\n".join(filter(None, (missing, stopped))))
    if missing:
        steps.warn(f"{missing}\n{GOING_ON}")
    if not interpreter.of_the_system and not interpreter.has_tkinter:
        steps.warn(
            f"{sys.executable} was built without tkinter: the summary window cannot open. "
            "Everything else works."
        )
