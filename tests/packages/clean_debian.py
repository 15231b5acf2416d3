"""A Debian of its own, made by debootstrap, without this program.

Needs root, debootstrap, and the network; a file below ``build`` keeps it for the next time.
"""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from installer import steps

# Where pip finds its registry, and what vouches for it, are the machine's.
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")
OF_PIP = ("PIP_CERT", "PIP_INDEX_URL")
# What a desktop of the tests needs, and a window that somebody uses. Nothing of it comes from
# the package's own list: neither GTK's bindings, nor Tk, nor Python's.
DESKTOP = (
    *("xvfb", "openbox", "tint2", "dbus", "libglib2.0-bin", "xdotool", "x11-xserver-utils"),
    *("xterm", "fonts-dejavu-core", "fonts-noto-cjk"),
)
SHELLS = ("man-db", "zsh", "fish", "desktop-file-utils")


@dataclass(frozen=True, slots=True)
class Kind:
    """What such a system has from the beginning.

    Attributes:
        name: Of the file below build/ that keeps it for the next time.
        packages: By Debian's names.
        person: The command that `tests.packages.person` is there.
        architectures: Others than its own that packages may be of.
        without: A part of the names of packages that it must not have, though others ask for them.
        release: Debian's name of the release.
    """

    name: str
    packages: tuple[str, ...]
    person: tuple[str, ...] = ()
    without: str = ""
    architectures: tuple[str, ...] = ()
    release: str = "bookworm"

    @property
    def kept(self) -> Path:
        """Where it is kept for the next time."""
        return steps.BUILD / f"{self.name}.tar"


PROGRAM = "reprospective-tray"
HARNESS = Path("srv/harness")
WITH_PYTHON = Kind(
    "clean-debian-12",
    ("python3-minimal", "python3", *DESKTOP, *SHELLS),
    ("/usr/bin/python3", "-m", "tests.packages.person"),
)
# There the person is a frozen program as well; a second panel, whose tray is of the other kind.
WITHOUT_PYTHON = Kind(
    "clean-debian-12-without-python",
    (*DESKTOP, "xfce4-panel", "xfconf"),
    (f"/{HARNESS}/person/person",),
    without="python3",  # openbox asks for it, for its settings
)
# Machines on which nobody has prepared anything.
FRESH = (
    Kind("fresh-debian-12", ("python3", "ca-certificates")),
    Kind("fresh-debian-13", ("python3", "ca-certificates"), release="trixie"),
)
SECONDS = 600
# What programs look for and a folder has not: processes, terminals, shared memory.
MOUNTED = (
    "mount -t proc proc /proc && mount -t tmpfs tmpfs /dev/shm"
    " && mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts"
)


def why_not() -> str:
    """Return why there can be none here, a sentence with what helps; '' where there can be."""
    if os.geteuid() != 0:
        return "needs root, for chroot"
    lacking = [tool for tool in ("debootstrap", "unshare", "chroot") if shutil.which(tool) is None]
    return f"apt-get install debootstrap util-linux: {', '.join(lacking)} missing" * bool(lacking)


class CleanDebian:
    """A system below a folder, for as long as the ``with`` block lasts."""

    def __init__(self, kind: Kind = WITH_PYTHON) -> None:
        """Say what it has; it is made with the ``with`` block."""
        self.kind = kind

    def __enter__(self) -> Self:
        self.root = Path(tempfile.mkdtemp(prefix="clean-debian-"))
        try:
            if self.kind.kept.exists():
                subprocess.run(["tar", "-xpf", self.kind.kept, "-C", self.root], check=True)
            else:
                self._bootstrap()
            self.root.chmod(0o755)
            if (self.root / CERTIFICATES).exists():
                shutil.copy(Path("/") / CERTIFICATES, self.root / CERTIFICATES)
            self.run("apt-get", "-q", "update")
            harness = self.root / HARNESS
            shutil.copytree(steps.ROOT / "installer", harness / "installer")
            shutil.copytree(steps.ROOT / "tests" / "packages", harness / "tests" / "packages")
        except BaseException:
            shutil.rmtree(self.root)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.root)

    def _bootstrap(self) -> None:
        steps.run_logged(["debootstrap", "--variant=minbase", self.kind.release, str(self.root)])
        for architecture in self.kind.architectures:
            self.run("dpkg", "--add-architecture", architecture)
        self.run("apt-get", "-q", "update")
        self.apt("install", *self.kind.packages)
        if self.kind.without:
            query = ("dpkg-query", "-W", "-f=${Package} ", f"*{self.kind.without}*")
            self.run("dpkg", "--purge", "--force-depends", *self.run(*query).split())
        self.run("apt-get", "clean")
        # Packages with the same names would be taken for copies of these.
        kept = self.kind.kept
        kept.parent.mkdir(exist_ok=True)
        unfinished = kept.with_suffix(".unfinished")
        subprocess.run(["tar", "-cpf", unfinished, "-C", self.root, "."], check=True)
        unfinished.rename(kept)

    def words(self, *command: str, user: str = "root") -> list[str]:
        """Return the words that run `command` in there, with processes of its own."""
        inside = f'{MOUNTED} && exec setpriv --reuid="$0" --regid="$0" --init-groups "$@"'
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", str(self.root)]
        return [*apart, "/bin/sh", "-c", inside, user, *command]

    def environment(self, user: str = "root") -> dict[str, str]:
        """Return the variables of a log-in, and none of this machine's."""
        home = "/root" if user == "root" else f"/home/{user}"
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        told = {"PATH": path, "HOME": home, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        return told | {name: os.environ[name] for name in OF_PIP if name in os.environ}

    def run(
        self, *command: str, user: str = "root", check: bool = True, seconds: float = SECONDS
    ) -> str:
        """Run a command in there to its end; return what it said, both streams together.

        Raises:
            AssertionError: it failed; says what it said.
            subprocess.TimeoutExpired: it ran for longer than `seconds`.
        """
        done = subprocess.run(
            self.words(*command, user=user),
            env=self.environment(user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0 or not check, f"{command}: {done.stdout[-4000:]}"
        return done.stdout

    def apt(self, *words: str) -> str:
        """Run apt-get without its questions."""
        return self.run("apt-get", "-q", "-y", "--no-install-recommends", *words)

    def add_person(self, name: str) -> None:
        """Let somebody have a home in there."""
        self.run("useradd", "--create-home", "--shell", "/bin/bash", name)

    def put(self, file: Path) -> str:
        """Copy `file` in, and return its path in there."""
        shutil.copy(file, self.root / "srv")
        return f"/srv/{file.name}"


class Person:
    """Somebody at a desktop in there, who does what they are told."""

    def __init__(
        self, system: CleanDebian, name: str, program: str = PROGRAM, panel: str = "tint2"
    ) -> None:
        """Log `name` in, who uses `program`: the desktop comes up with the ``with`` block."""
        self._system = system
        self._name = name
        self._command = (*system.kind.person, program, panel)

    def __enter__(self) -> Self:
        environment = self._system.environment(self._name)
        self._process = subprocess.Popen(
            self._system.words(*self._command, user=self._name),
            env={**environment, "PYTHONPATH": f"/{HARNESS}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert self._answer() == "ready"
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def do(self, what: str, *words: str) -> Any:
        """Have them do something, as `tests.packages.person` knows it; return what comes of it.

        Raises:
            AssertionError: it went wrong; says how.
        """
        assert self._process.stdin is not None
        print(json.dumps([what, *words]), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the desktop in the clean system has ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["done"]
