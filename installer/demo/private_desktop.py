"""What makes a virtual desktop private: its programs, their environment, and its bus."""

import os
import shutil
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from installer import processes

READY_SECONDS = 20.0
CONFIG = Path(__file__).with_name("desktop")

# What belongs to the desktop that this may have been started from, and must not leak in.
FOREIGN = (
    *("DBUS_", "DISPLAY", "GDK_", "GTK_", "LANGUAGE", "LC_", "PYSTRAY_", "PYTHONPATH", "QT_"),
    *("REPROSPECTIVE_", "SESSION_", "SWAYSOCK", "VIRTUAL_ENV", "WAYLAND_", "WLR_", "XAUTHORITY"),
    "XDG_",
)
# What the bus may start by itself: the panel's settings, and not what else is installed here,
# or a desktop without notifications would have them as soon as somebody asks.
BUS_SERVICES = (Path("/usr/share/dbus-1/services/org.xfce.Xfconf.service"),)
BUS_CONFIG = """\
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/run/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{folder}/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def make(folder: Path, home: Path, mark: str) -> dict[str, str]:
    """Make the folders of a person below `home`, and return the environment that names them.

    Args:
        folder: The desktop's own temporary folder.
        home: The person's home folder.
        mark: ``NAME=value``, which tells the desktop's processes from all others.
    """
    folders = {"HOME": home, "XDG_RUNTIME_DIR": folder / "run"}
    for variable, name in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_CACHE_HOME", ".cache"),
    ):
        folders[variable] = home / name
    for made in folders.values():
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    mark_name, _, mark_value = mark.partition("=")
    return {
        **kept,
        **{name: str(made) for name, made in folders.items()},
        mark_name: mark_value,
        "LANG": "C.UTF-8",
        "XDG_CONFIG_DIRS": f"{CONFIG}:/etc/xdg",
        "XDG_DATA_DIRS": f"{CONFIG / 'share'}:/usr/local/share:/usr/share",
        "XDG_SESSION_TYPE": "x11",
        # The machine's own logind must not lock this desktop; tests start one of theirs here.
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/run/system_bus",
        # No services that nobody here asks for: accessibility bus, settings daemon.
        "NO_AT_BRIDGE": "1",
        "GTK_A11Y": "none",
        "GSETTINGS_BACKEND": "memory",
    }


def write_bus_config(folder: Path) -> Path:
    """Write the session bus's config into the desktop's folder and return its path."""
    services = folder / "services"
    services.mkdir()
    for service in BUS_SERVICES:
        (services / service.name).symlink_to(service)
    config = folder / "bus.conf"
    config.write_text(BUS_CONFIG.format(folder=folder), "utf-8")
    return config


class DesktopError(Exception):
    """A part of the desktop did not come up; the text holds the end of what it said."""


class PrivateDesktop(ABC):
    """A desktop of its own, for as long as the ``with`` block lasts.

    Attributes:
        env: The environment of programs on this desktop.
        folder: A private temporary folder, removed at the end; the logs lie in it.
        home: Their home folder; inside `folder` unless another was asked for.
    """

    folder: Path
    home: Path
    prefix: Sequence[str] = ()
    """What every command is put behind."""

    def __init__(self, *, home: Path | None, environment: Mapping[str, str] | None) -> None:
        """Take the home folder, which stays, and what to add for all programs."""
        self.env: dict[str, str] = {}
        self._asked_home = home
        self._extra = dict(environment or {})
        self._parts: list[subprocess.Popen[bytes]] = []
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        # Short, since the paths of sockets are limited to 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="rt-"))
        self.home = self._asked_home or self.folder / "home"
        self._mark = f"REPROSPECTIVE_VIRTUAL_DESKTOP={self.folder.name}"
        try:
            self.env = make(self.folder, self.home, self._mark) | self._extra
            self._come_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def screenshot(self, path: Path) -> Path:
        """Write the screen as it is now to a PNG file."""

    @abstractmethod
    def _come_up(self) -> None:
        """Start all parts."""

    @abstractmethod
    def _clear_up(self) -> None:
        """Remove what ended parts have left outside `folder`."""

    @abstractmethod
    def _seen(self) -> bytes:
        """Return the screen's picture in any form."""

    def close(self) -> None:
        """End everything that was started here, and what that has started; remove the folder."""
        try:
            processes.end(reversed(self._started))
            processes.end(reversed(self._parts))
            processes.end_marked(self._mark)
        finally:
            self._started.clear()
            self._parts.clear()
            self._clear_up()
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command: Sequence[str | Path], **options: Any) -> "subprocess.Popen[bytes]":
        """Start a program on this desktop, in a process group of its own, ended with the desktop.

        Args:
            command: Program and arguments.
            options: As of `subprocess.Popen`; ``env`` is laid over `env`. Without ``stdout`` and
                ``stderr`` the output goes to a log in `folder`.
        """
        environment = {**self.env, **(options.pop("env", None) or {})}
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("start_new_session", True)
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            options.setdefault("stdout", log)
            options.setdefault("stderr", log)
            process = subprocess.Popen([*self.prefix, *command], env=environment, **options)
        self._started.append(process)
        return process

    def run(self, *command: str | Path, seconds: float = READY_SECONDS) -> str:
        """Run a tool on this desktop to its end and return what it printed.

        Raises:
            subprocess.CalledProcessError: it failed.
            subprocess.TimeoutExpired: it took longer than `seconds`.
        """
        done = subprocess.run(
            [*self.prefix, *command],
            env=self.env,
            check=True,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        return done.stdout

    def settled_screenshot(self, path: Path, *, still_for: float = 0.3) -> Path:
        """Write the screen once nothing has moved on it for `still_for` seconds.

        Raises:
            TimeoutError: something keeps moving.
        """
        seen = b""
        since = time.monotonic()

        def still() -> bool:
            nonlocal seen, since
            now = self._seen()
            if now != seen:
                seen, since = now, time.monotonic()
            return time.monotonic() - since >= still_for

        processes.wait_until(still, READY_SECONDS, "the screen to be still")
        return self.screenshot(path)

    def log(self, name: str) -> str:
        """Return what a program has said so far: ``Xvfb``, ``tint2``, or what `start` began."""
        file = self.folder / f"{name}.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def _part(self, *command: str, **options: Any) -> "subprocess.Popen[bytes]":
        if shutil.which(command[0], path=self.env.get("PATH")) is None:
            raise DesktopError(f"{command[0]} is not installed")
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            options.setdefault("stdout", log)
            process = subprocess.Popen(
                [*self.prefix, *command],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                **options,
            )
        self._parts.append(process)
        return process

    def _start_bus(self) -> None:
        config = write_bus_config(self.folder)
        bus = self._part(
            *("dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"),
            stdout=subprocess.PIPE,
        )
        assert bus.stdout is not None
        with bus.stdout:
            printed = bus.stdout.readline().decode().strip()
        if not printed:
            raise self._failed("dbus-daemon")
        self.env["DBUS_SESSION_BUS_ADDRESS"] = printed
        self._bus = bus

    def stop_bus(self) -> None:
        """Kill the session bus at once, as a crash of it would."""
        self._bus.kill()
        self._bus.wait()

    def _await_name(self, part: str, name: str) -> None:
        """Wait until somebody owns a name on the bus."""
        try:
            self.run("gdbus", "wait", "--session", "--timeout", str(int(READY_SECONDS)), name)
        except subprocess.SubprocessError as error:
            raise self._failed(part) from error

    def _await(self, part: str, ready: Callable[[], object]) -> None:
        process = self._parts[-1]
        try:
            processes.wait_until(lambda: process.poll() is not None or ready(), READY_SECONDS, part)
        except TimeoutError as error:
            raise self._failed(part) from error
        if process.poll() is not None:
            raise self._failed(part)

    def _failed(self, part: str) -> DesktopError:
        said = self.log(part).strip().splitlines()[-15:]
        return DesktopError("\n    ".join([f"{part} did not come up; it said:", *said]))
