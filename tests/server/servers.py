"""A real PostgreSQL: started, stopped in each way, started again; databases and persons on it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from psycopg2 import sql

from tests.server import binaries
from tests.support import wait_until

HOST = "127.0.0.1"
SUPERUSER = "postgres"
PASSWORD = "the superuser's own"  # noqa: S105  of a server that lives as long as the tests
START_SECONDS = 30.0
STOP_SECONDS = 30.0

# Nothing here outlives a power cut, so nothing waits for the disk.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
# As a server comes out of the box: what is committed survives.
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
SMALL = {"shared_buffers": "32MB", "max_connections": "100", "timezone": "UTC"}

# Reads what never comes: its end is the end of the tests, however that came about.
ORPHANED = 'read -r nothing; kill -QUIT "$1"'

SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
_numbers = count(1)


def free_port(host: str = HOST) -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def dsn_of(**parts: object) -> str:
    """Return a DSN of `parts`, quoted as libpq wants it."""
    return psycopg2.extensions.make_dsn(**parts)


@dataclass(frozen=True, slots=True)
class Person:
    """A LOGIN role."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Database:
    """A database of one test, and where it is reached: the server itself, a proxy or a pooler."""

    server: "Server"
    name: str
    host: str
    port: int
    superuser: str = SUPERUSER
    password: str = field(default=PASSWORD, repr=False)

    def at(self, place: Any) -> "Database":
        """Return the same database as reached through a proxy or a pooler (`host`, `port`)."""
        return replace(self, host=place.host, port=place.port)

    def dsn(self, user: str | None = None, password: str | None = None, **more: object) -> str:
        """Return a DSN; the superuser's where no `user` is named."""
        if user is None:
            user, password = self.superuser, self.password
        where = {"host": self.host, "port": self.port, "dbname": self.name}
        secret = {} if password is None else {"password": password}
        return dsn_of(**where, user=user, **secret, **more)

    def connect(self, user: str | None = None, password: str | None = None, **more: object):
        """Open a psycopg2 connection in autocommit; whoever calls closes it."""
        connection = psycopg2.connect(self.dsn(user, password, **more))
        connection.autocommit = True
        return connection

    def rows(self, statement: Any, args: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser and return its rows; none for what has none."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, args)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


class Server:
    """A cluster of its own in `folder`, on a port of 127.0.0.1 and a socket in `folder`.

    It asks everyone for a password (scram-sha-256), the superuser included.
    """

    def __init__(
        self,
        folder: Path,
        programs: Path,
        *,
        settings: Mapping[str, str] | None = None,
        access: Sequence[str] = (),
        data: Path | None = None,
    ) -> None:
        """Prepare it; nothing is made before `create`.

        Args:
            folder: An empty folder for sockets, log and data.
            programs: The folder with PostgreSQL's own programs.
            settings: What differs from SMALL and FAST, by the names of postgresql.conf.
            access: Lines of pg_hba.conf that come before the one that asks for a password.
            data: Where the data lies instead of in `folder`.
        """
        self.folder = folder
        self.programs = programs
        self.version = binaries.major_version(programs)
        self.data = data or folder / "data"
        self.settings = {**SMALL, **FAST, **(settings or {})}
        self.access = list(access)
        self.host = HOST
        self.port = free_port()
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def create(self, wal: Path | None = None) -> None:
        """Make the cluster's files; its write-ahead log lies in `wal` where one is given."""
        secret = self.folder / "secret"
        secret.write_text(PASSWORD, "utf-8")
        binaries.hand_over(secret)
        self._run(
            "initdb",
            "--pgdata",
            str(self.data),
            "--no-sync",
            "--username",
            SUPERUSER,
            "--pwfile",
            str(secret),
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--wal-segsize",
            "1" if wal else "16",
            *(("--waldir", str(wal)) if wal else ()),
        )
        secret.unlink()
        lines = [*self.access, "local all all scram-sha-256", "host all all all scram-sha-256"]
        (self.data / "pg_hba.conf").write_text("\n".join(lines) + "\n", "utf-8")

    def start(self) -> "Server":
        """Start it and wait until it takes connections.

        Raises:
            RuntimeError: it ended at once; the text is the end of its log.
        """
        assert not self.running
        options = {
            **self.settings,
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": str(self.folder),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.programs / "postgres",
                    "-D",
                    self.data,
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt at the terminal is for pytest alone
                cwd=self.folder,
                **binaries.run_as(),
            )
        self._guard = subprocess.Popen(
            ["sh", "-c", ORPHANED, "sh", str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            **binaries.run_as(),
        )
        wait_until(lambda: not self.running or self._is_ready(), START_SECONDS, "PostgreSQL")
        if not self.running:
            raise RuntimeError(f"PostgreSQL did not start:\n{self.said()}")
        return self

    def stop(self, how: str = "fast") -> None:
        """Stop it: "smart", "fast" or "immediate", as pg_ctl names them; a stopped one stays so."""
        if self.running:
            self._process.send_signal(SIGNALS[how])
        self._wait()

    def kill(self) -> None:
        """End every process of it by SIGKILL at once, as a power cut would."""
        if self.running:
            leader = psutil.Process(self._process.pid)
            leader.suspend()  # no new child while they are counted
            all_of_it = [*leader.children(recursive=True), leader]
            for process in all_of_it:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            self._wait()
            psutil.wait_procs(all_of_it, STOP_SECONDS)

    def restart(self, how: str = "fast") -> "Server":
        """Stop it in this way and start it again."""
        self.stop(how)
        return self.start()

    @property
    def running(self) -> bool:
        """Say whether its first process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def in_postgres(self) -> Database:
        """The database `postgres`, which every cluster has."""
        return Database(self, "postgres", self.host, self.port)

    def said(self) -> str:
        """Return the end of its log."""
        return self.log.read_text("utf-8", "replace")[-4000:] if self.log.exists() else ""

    @contextmanager
    def database(self, name: str | None = None) -> Iterator[Database]:
        """Make an empty database, and drop it at the end together with who is connected to it."""
        name = name or f"test_{next(_numbers)}"
        quoted = sql.Identifier(name)
        self.in_postgres.rows(sql.SQL("CREATE DATABASE {}").format(quoted))
        try:
            yield Database(self, name, self.host, self.port)
        finally:
            if self.running:
                self.in_postgres.rows(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))

    def _is_ready(self) -> bool:
        with suppress(OSError, IndexError):
            lines = (self.data / "postmaster.pid").read_text("utf-8").splitlines()
            return int(lines[0]) == self._process.pid and lines[7].strip() == "ready"
        return False

    def _wait(self) -> None:
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            self._guard.stdin.close()
            self._guard = None

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**os.environ, "LC_ALL": "C"},
            **binaries.run_as(),
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")


@contextmanager
def server_folder() -> Iterator[Path]:
    """Make a folder that the user of the servers owns; short, for sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="rt-pg-"))
    try:
        yield binaries.hand_over(folder)
    finally:
        shutil.rmtree(folder)


@contextmanager
def new_server(
    programs: Path | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    access: Sequence[str] = (),
) -> Iterator[Server]:
    """Make and start a server of its own; `settings` DURABLE where a kill must cost nothing.

    The version is the one that `binaries.chosen` says where no `programs` are given.
    """
    with server_folder() as folder:
        reachable = binaries.within_reach(programs or binaries.chosen(), folder)
        made = Server(folder, reachable, settings=settings, access=access)
        made.create()
        try:
            yield made.start()
        finally:
            made.stop("immediate")


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A server whose tables lie on a small tmpfs, and what fills that."""

    server: Server
    folder: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(b"\0" * 4096)

    def free(self) -> None:
        """Take away what `fill` put there."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextmanager
def small_disk(megabytes: int = 64) -> Iterator[SmallDisk]:
    """Make and start a server with its tables on a tmpfs of this size; skips without root.

    Its write-ahead log lies elsewhere: a disk that is full under it would stop the whole server,
    and what is wanted here is one that says "No space left on device".
    """
    if os.geteuid():
        pytest.skip("mounting a small tmpfs needs root")
    with server_folder() as folder:
        small, wal = folder / "small", folder / "wal"
        for each in (small, wal):
            each.mkdir()
            binaries.hand_over(each)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "reprospective-test", small]
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
        try:
            binaries.hand_over(small)
            reachable = binaries.within_reach(binaries.chosen(), folder)
            made = Server(folder, reachable, data=small / "data")
            made.create(wal=wal)
            try:
                yield SmallDisk(made.start(), small)
            finally:
                made.stop("immediate")
        finally:
            subprocess.run(["umount", small], check=True)


def make_person(place: Server | Database, name: str | None = None, *, options: str = "") -> Person:
    """Make a LOGIN role with a password; the name is one of its own where none is given."""
    person = Person(name or f"person_{next(_numbers)}", f"of {next(_numbers)}, 'quoted' \\ one")
    server = place.server if isinstance(place, Database) else place
    statement = f"CREATE ROLE {{}} LOGIN PASSWORD %s {options}"
    server.in_postgres.rows(
        sql.SQL(statement).format(sql.Identifier(person.name)), [person.password]
    )
    return person


def drop_role(server: Server, name: str) -> None:
    """Drop a role and what it owns in every database; fine where there is none of the name."""
    role = sql.Identifier(name)
    if not server.in_postgres.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]):
        return
    databases = server.in_postgres.rows("SELECT datname FROM pg_database WHERE datallowconn")
    for (database,) in databases:
        replace(server.in_postgres, name=database).rows(
            sql.SQL("DROP OWNED BY {} CASCADE").format(role)
        )
    server.in_postgres.rows(sql.SQL("DROP ROLE {}").format(role))


def roles(server: Server) -> set[str]:
    """Return the names of all roles but those that PostgreSQL itself brings."""
    names = (name for (name,) in server.in_postgres.rows("SELECT rolname FROM pg_roles"))
    return {name for name in names if name != SUPERUSER and not re.match("pg_", name)}


@contextmanager
def person(
    place: Server | Database, name: str | None = None, *, options: str = ""
) -> Iterator[Person]:
    """Make a LOGIN role, and drop it at the end with what it owns."""
    made = make_person(place, name, options=options)
    server = place.server if isinstance(place, Database) else place
    try:
        yield made
    finally:
        if server.running:
            drop_role(server, made.name)
