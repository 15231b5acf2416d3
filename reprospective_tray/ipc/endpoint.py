"""The address of the running instance: a Unix socket, or loopback TCP without Unix sockets."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.system import ownership
from reprospective_tray.system.private_files import make_private_folder, write_private

if TYPE_CHECKING:
    from reprospective_tray.system.paths import Paths

# The path in sockaddr_un has 104 bytes on macOS and 108 on Linux, including the closing zero.
LONGEST_SOCKET_PATH = 100
TEMPORARY_PREFIX = "reprospective-tray-"
BACKLOG = 32


class Instance(msgspec.Struct, frozen=True):
    """The content of instance.json: `address` is a socket's path, or ``host:port``."""

    address: str
    pid: int
    token: str

    @property
    def is_path(self) -> bool:
        """Whether the address is a socket file."""
        return os.sep in self.address

    def connect(self, timeout: float) -> socket.socket:
        """Return a connection to the instance, with `timeout` seconds for each operation.

        Raises:
            OSError: nothing listens there.
            ValueError: the address is invalid.
        """
        if self.is_path:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.settimeout(timeout)
                connection.connect(self.address)
            except BaseException:
                connection.close()
                raise
            return connection
        host, _colon, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout)


def find(paths: Paths) -> Instance | None:
    """Return the content of instance.json; None if it is missing or invalid."""
    try:
        return msgspec.json.decode(ownership.read_own(paths.instance_file), type=Instance)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None


@dataclass
class Endpoint:
    """A listening socket and the files that tell clients its address."""

    listener: socket.socket
    token: str
    _paths: Paths
    _socket_file: Path | None

    @classmethod
    def open(cls, paths: Paths) -> Endpoint:
        """Listen and write instance.json; remove the files left by a killed instance.

        Raises:
            OSError: the socket or the file cannot be created.
        """
        make_private_folder(paths.state)
        if (old := find(paths)) is not None and old.is_path:
            _remove(Path(old.address))
        if hasattr(socket, "AF_UNIX"):
            listener, file = _listen_at_file(paths)
            address = str(file)
        else:
            listener, file = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG), None
            address = f"127.0.0.1:{listener.getsockname()[1]}"
        # A client may disconnect before accept(), which must then not block.
        listener.setblocking(False)
        made = cls(listener, os.urandom(32).hex(), paths, file)
        try:
            instance = Instance(address, os.getpid(), made.token)
            write_private(paths.instance_file, msgspec.json.encode(instance))
        except BaseException:
            made.close()
            raise
        return made

    def close(self) -> None:
        """Stop listening and remove instance.json and the socket file."""
        self.listener.close()
        with contextlib.suppress(OSError):
            self._paths.instance_file.unlink(missing_ok=True)
        if self._socket_file is not None:
            _remove(self._socket_file)


def _listen_at_file(paths: Paths) -> tuple[socket.socket, Path]:
    file = paths.state / "control.sock"
    if len(os.fsencode(file)) > LONGEST_SOCKET_PATH:
        file = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX)) / "control.sock"
    _remove_socket(file)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(file))  # others cannot enter the folder, so chmod afterwards is safe
        file.chmod(0o600)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        _remove(file)
        raise
    return listener, file


def _remove(file: Path) -> None:
    """Remove a socket file, and its folder if it was created for it."""
    _remove_socket(file)
    folder = file.parent
    if folder.name.startswith(TEMPORARY_PREFIX) and folder.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(folder, ignore_errors=True)


def _remove_socket(file: Path) -> None:
    """Remove a socket file; any other kind of file with that name is kept."""
    with contextlib.suppress(OSError):
        if file.is_socket():
            file.unlink(missing_ok=True)
