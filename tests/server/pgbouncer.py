"""A real pgbouncer in transaction pooling."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from installer.processes import end
from tests.server import binaries
from tests.server.servers import HOST, PASSWORD, SUPERUSER, Server, free_port, server_folder
from tests.support import wait_until

START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pooler:
    """Where a pgbouncer listens: ``database.at(pooler)`` goes through it."""

    host: str
    port: int
    log: Path


def program() -> str:
    """Return pgbouncer's path; skips where it is not installed."""
    places = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"  # not on a user's path
    found = shutil.which("pgbouncer", path=places)
    if found is None:
        pytest.skip("pgbouncer is not installed")
    return found


@contextmanager
def pooler(
    server: Server, *, pool_size: int = 20, settings: Mapping[str, object] | None = None
) -> Iterator[Pooler]:
    """Run a pgbouncer in front of all databases of `server`.

    It keeps at most `pool_size` connections to the server for each database and role. It asks
    clients for the passwords that the server knows.
    """
    with server_folder() as folder:
        made = Pooler(HOST, free_port(), folder / "pgbouncer.log")
        (folder / "users.txt").write_text(f'"{SUPERUSER}" "{PASSWORD}"\n', "utf-8")
        options = {
            "listen_addr": made.host,
            "listen_port": made.port,
            "unix_socket_dir": "",
            "logfile": made.log,
            "pool_mode": "transaction",
            "default_pool_size": pool_size,
            "max_client_conn": 1000,
            "auth_type": "scram-sha-256",
            "auth_file": folder / "users.txt",
            "auth_user": SUPERUSER,
            **(settings or {}),
        }
        lines = [f"{name} = {value}" for name, value in options.items()]
        config = folder / "pgbouncer.ini"
        behind = f"[databases]\n* = host={server.host} port={server.port}\n\n[pgbouncer]\n"
        config.write_text(behind + "\n".join(lines) + "\n", "utf-8")
        for file in (config, folder / "users.txt"):
            binaries.hand_over(file)
        process = subprocess.Popen(
            [program(), "--quiet", config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=folder,
            **binaries.run_as(),
        )
        try:
            wait_until(
                lambda: process.poll() is not None or _listens(made), START_SECONDS, "pgbouncer"
            )
            if process.poll() is not None:
                said = made.log.read_text("utf-8") if made.log.exists() else "no log"
                raise RuntimeError(f"pgbouncer did not start: {said}")
            yield made
        finally:
            end([process])


def _listens(made: Pooler) -> bool:
    with suppress(OSError), socket.create_connection((made.host, made.port), timeout=1):
        return True
    return False
