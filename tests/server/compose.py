"""compose.yaml as Docker reads it, and what its services run, run on this machine.

There is no Docker where the tests run: the scripts are those that compose.yaml mounts, with the
environment that it gives them; where a container has paths of its own, the tests have theirs.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import yaml

from tests.server import binaries
from tests.server.servers import HOST, PASSWORD, Database, Server, free_port, server_folder
from tests.support import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "installer" / "server"
ENTRY_POINT = Path(__file__).with_name("image-entry-point.sh")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
INIT_FOLDER = "/docker-entrypoint-initdb.d/"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class NotSetError(Exception):
    """A variable that must be set is not; the text is what Docker would show."""


def example() -> dict[str, str]:
    """Return what .env.example sets."""
    lines = (FOLDER / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def text() -> str:
    """Return compose.yaml as it is."""
    return (FOLDER / "compose.yaml").read_text("utf-8")


def loaded(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return compose.yaml with its variables put in.

    Raises:
        NotSetError: one that must be set is not.
    """

    def value_of(found: re.Match[str]) -> str:
        name, kind, word = found.groups()
        if environment.get(name):
            return environment[name]
        if kind == "?":
            raise NotSetError(word)
        return word or ""

    def put_in(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: put_in(value) for key, value in part.items()}
        if isinstance(part, list):
            return [put_in(value) for value in part]
        return VARIABLE.sub(value_of, part) if isinstance(part, str) else part

    return put_in(yaml.safe_load(text()))


def service(name: str) -> dict[str, Any]:
    """Return one service, with what .env.example sets."""
    return loaded(example())["services"][name]


def on_this_machine(of: Mapping[str, Any], path: str, folder: Path = FOLDER) -> str:
    """Return the file that a service has at `path`, which must be mounted; other words stay.

    `folder` is where compose.yaml would lie.
    """
    if not path.startswith("/"):
        return path
    for volume in of["volumes"]:
        target = volume["target"]
        if volume["type"] == "bind" and (path == target or path.startswith(f"{target}/")):
            return str((folder / volume["source"] / path[len(target) + 1 :]).resolve())
    raise AssertionError(f"nothing is mounted at {path}")


def command_of(of: Mapping[str, Any], *arguments: str, folder: Path = FOLDER) -> list[str]:
    """Return what a service starts; `arguments` in the place of its own command."""
    words = [*of["entrypoint"], *(arguments or of["command"])]
    return [on_this_machine(of, word, folder) for word in words]


def environment_of(of: Mapping[str, Any], programs: Path, **changes: object) -> dict[str, str]:
    """Return the environment of a service, with PostgreSQL's `programs` on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, **of["environment"]} | {
        name: str(value) for name, value in changes.items()
    }


@dataclass
class Container:
    """What the service `database` would be: its own files in `folder`, started and stopped."""

    folder: Path
    programs: Path
    tls: Path | None = None
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Database:
        """Its database, as reached by TCP."""
        return Database(self, "reprospective", HOST, self.port)  # type: ignore[arg-type]

    @property
    def in_postgres(self) -> Database:
        """The database `postgres`, which every cluster has."""
        return Database(self, "postgres", HOST, self.port)  # type: ignore[arg-type]

    @property
    def environment(self) -> dict[str, str]:
        """What its processes have."""
        return environment_of(
            service("database"),
            self.programs,
            POSTGRES_PASSWORD_FILE=self.folder / "superuser-password",
            PGDATA=self.folder / "data",
            PGHOST=self.folder,
            PGPORT=self.port,
            INIT_FOLDER=self.folder / "init",
            REPROSPECTIVE_SQL=on_this_machine(
                service("database"), "/reprospective/sql", self.mounted
            ),
            STEP_DOWN=step_down(),
            TLS_FOLDER=self.tls or self.folder / "no-tls",
            TLS_COPY=self.folder / "tls-copy",
        )

    @property
    def mounted(self) -> Path:
        """The folder of compose.yaml, copied to where the one who runs the server can read it."""
        return self.folder / "checkout" / FOLDER.relative_to(CHECKOUT)

    @property
    def log(self) -> Path:
        """All that it says."""
        return self.folder / "log"

    def prepare(self) -> None:
        """Lay out what Docker would mount."""
        (self.folder / "superuser-password").write_text(f"{PASSWORD}\n", "utf-8")
        init = self.folder / "init"
        init.mkdir()
        for volume in service("database")["volumes"]:
            source = (FOLDER / volume["source"]).resolve()
            if volume["type"] != "bind" or not source.exists():
                continue
            copied = self.folder / "checkout" / source.relative_to(CHECKOUT)
            if source.is_dir():
                shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copied)
            if volume["target"].startswith(INIT_FOLDER):
                (init / volume["target"].removeprefix(INIT_FOLDER)).symlink_to(copied)
        image = self.folder / "image"
        image.mkdir()
        shutil.copy(ENTRY_POINT, image / "docker-entrypoint.sh")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        own = ["-c", f"unix_socket_directories={self.folder}", "-c", f"port={self.port}"]
        own += ["-c", "fsync=off"]
        path = f"{self.folder / 'image'}{os.pathsep}{self.environment['PATH']}"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command_of(service("database"), folder=self.mounted), *own],
                env={**self.environment, "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )
        wait_until(self._has_ended_or_answers, START_SECONDS, "PostgreSQL")
        assert self._process.poll() is None, self.log.read_text("utf-8", "replace")

    def stop(self) -> None:
        """Stop it as Docker does, by the image's own signal."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
            self._process.wait(STOP_SECONDS)

    def ask_health(self) -> subprocess.CompletedProcess[str]:
        """Run the health check of compose.yaml."""
        kind, command = service("database")["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        return subprocess.run(
            ["sh", "-c", command], env=self.environment, capture_output=True, text=True, check=False
        )

    def run_first_start(self, sql: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run the script of the first start by hand, with other SQL where `sql` is a folder."""
        (script,) = (self.folder / "init").iterdir()
        other = {} if sql is None else {"REPROSPECTIVE_SQL": str(sql)}
        return subprocess.run(
            [script],
            env={**self.environment, **other},
            capture_output=True,
            text=True,
            check=False,
        )

    def _has_ended_or_answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return True
        with suppress(psycopg2.OperationalError):
            self.in_postgres.connect().close()
            return True
        return False


def step_down() -> str:
    """Return the user that the server runs as where the tests run as root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else binaries.UNPRIVILEGED


@contextmanager
def container(programs: Path | None = None, tls: Path | None = None) -> Iterator[Container]:
    """Start the service `database`, in a folder that is gone at the end."""
    with server_folder() as folder:
        folder.chmod(0o777)  # the one who runs the server makes its files here
        reachable = binaries.within_reach(programs or binaries.chosen(), folder)
        made = Container(folder, reachable, tls)
        made.prepare()
        try:
            made.start()
            yield made
        finally:
            made.stop()


@dataclass
class Backups:
    """The service `backup` of a server, with its folder."""

    server: Server | Container
    folder: Path
    state: Path
    tools: Path | None = None
    """Where the shell and its tools lie, where they are not this system's."""

    def environment(self, **changes: object) -> dict[str, str]:
        """Return what its scripts have."""
        secret = self.state / "superuser-password"
        secret.write_text(f"{PASSWORD}\n", "utf-8")
        place = self.server.in_postgres
        if self.tools is not None:
            path = (self.server.programs, self.tools)
            changes = {"PATH": os.pathsep.join(map(str, path)), **changes}
        return environment_of(
            service("backup"),
            self.server.programs,
            PGHOST=place.host,
            PGPORT=place.port,
            PASSWORD_FILE=secret,
            BACKUP_FOLDER=self.folder,
            TMPDIR=self.state,
            **changes,
        )

    def start(self, *arguments: str, **changes: object) -> subprocess.Popen[str]:
        """Start it, with `arguments` in the place of its command."""
        return subprocess.Popen(
            self._reached(command_of(service("backup"), *arguments)),
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, code: int = 0, **changes: object) -> str:
        """Run it to its end, which must be `code`; return all that it said."""
        process = self.start(*arguments, **changes)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == code, said
        return said

    def ask_health(self) -> subprocess.CompletedProcess[str]:
        """Run the health check of compose.yaml."""
        kind, *words = service("backup")["healthcheck"]["test"]
        assert kind == "CMD"
        command = [on_this_machine(service("backup"), word) for word in words]
        return subprocess.run(
            self._reached(command),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    def _reached(self, command: list[str]) -> list[str]:
        """Return `command` by the shell in `tools`: a program is looked for on our own path."""
        shell = command[0] if self.tools is None else str(self.tools / command[0])
        return [shell, *command[1:]]

    def names(self) -> list[str]:
        """Return the names of the files there."""
        return sorted(file.name for file in self.folder.iterdir())
