"""What the package says of itself: its control file, its copyright, its changelog."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from installer.debian.carried import FROM_DEBIAN, Carried

PACKAGE = "reprospective-tray"
MAINTAINER = "reprospective-tray maintainers <maintainers@reprospective-tray.invalid>"
# GTK and the indicator library for the icon's menu; xrandr, since pywinctl ends without it.
TRAY = ("gir1.2-gtk-3.0", "gir1.2-ayatanaappindicator3-0.1", "x11-xserver-utils")
# Without these it records all the same: opening the log, a session bus, notifications.
RECOMMENDED = ("xdg-utils", "default-dbus-session-bus | dbus-session-bus", "notification-daemon")
DESCRIPTION = """\
record which window you use, from the tray
 Records which window you use, to the millisecond, in a SQLite file on your own
 computer. If you like, it also sends the recordings to your own PostgreSQL. You
 can see where the time went in a window, a report or a web page.
 .
 It connects to that server and to nothing else. Everything stays in a folder
 that only you may read. It starts at login if you turn that on in its menu.
"""


def deb_version(version: str, python: tuple[int, int]) -> str:
    """Return Debian's version: what comes before a release sorts before it.

    The package of a newer Python sorts after that of an older one, so that an upgrade of the
    system may take it.
    """
    before_release = re.sub(r"(a|b|rc)(?=\d)", r"~\1", version).replace(".dev", "~~dev")
    return "{}-1+py{}{}".format(before_release, *python)


def depends(python: tuple[int, int], libc: str) -> list[str]:
    """Return the packages that it cannot run without."""
    major, minor = python
    return [
        f"libc6 (>= {libc})",
        f"python3 (>= {major}.{minor})",
        f"python3 (<< {major}.{minor + 1})",
        "python3-tk",
        *(bound for bounds in FROM_DEBIAN.values() for bound in bounds),
        *TRAY,
    ]


def control(version: str, architecture: str, kib: int, needs: Iterable[str]) -> str:
    """Return the control file.

    Args:
        version: As of `deb_version`.
        architecture: As dpkg names it.
        kib: What it takes on the disk, in KiB.
        needs: As of `depends`.
    """
    fields = {
        "Package": PACKAGE,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(kib),
        "Depends": ", ".join(needs),
        "Recommends": ", ".join(RECOMMENDED),
        "Section": "utils",
        "Priority": "optional",
        "Description": DESCRIPTION.rstrip(),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def copyright_text(licence: str, carried: Iterable[Carried], site: Path) -> str:
    """Return the copyright file: the program's licence, and where those of the others lie.

    Args:
        licence: The text of LICENSE.
        carried: What else is inside.
        site: Where it is inside, on the person's system.
    """
    others = [
        f"{each.name} {each.version}: {each.licence}\n  {site / each.folder}\n" for each in carried
    ]
    return (
        f"{PACKAGE}\n\n{licence}\n"
        "The package carries these Python packages, unchanged but for symbols that only debuggers\n"
        "read. Each lies beside the folder named here, which holds its licence. Those under the\n"
        "LGPL may be replaced there by versions of your own. The texts of both licences are also\n"
        "in /usr/share/common-licenses/GPL-3 and /usr/share/common-licenses/LGPL-3.\n\n"
        "The completions for bash, zsh and fish hold text of shtab (https://github.com/tqdm/shtab),\n"
        "which is under the MPL-2.0: /usr/share/common-licenses/MPL-2.0.\n\n" + "\n".join(others)
    )


def changelog(version: str, epoch: int) -> str:
    """Return Debian's own changelog, which points to that of the program."""
    day = format_datetime(datetime.fromtimestamp(epoch, UTC))
    return (
        f"{PACKAGE} ({version}) stable; urgency=medium\n\n"
        f"  * What changed is in /usr/share/doc/{PACKAGE}/changelog.gz.\n\n"
        f" -- {MAINTAINER}  {day}\n"
    )
