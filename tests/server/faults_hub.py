"""The central database of the fault tests: the real schema, with roles, and persons on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.server.central import central_on
from tests.server.faults_computer import Computer, server_rows
from tests.server.history import Rows, assert_same, together
from tests.server.servers import Database, Person, Server

TABLES = ("desktop_activity_sessions", "desktop_activity_entries", "devices")


@dataclass(frozen=True, slots=True)
class Hub:
    """A database with the schema in it, and one person who may use it."""

    database: Database
    person: Person
    folder: Path

    @property
    def everything(self) -> str:
        """The superuser's DSN, past any proxy: what it sees is what there is."""
        return replace(self.database, port=self.database.server.port).dsn()

    def dsn(self, place: Any = None) -> str:
        where = self.database if place is None else self.database.at(place)
        return where.dsn(self.person.name, self.person.password)

    def computer(
        self, name: str = "desk", *, place: Any = None, host: str | None = None
    ) -> Computer:
        """Make a computer of the person's; through a proxy where `place` is one."""
        return Computer(self.folder / name, self.dsn(place), host or name)

    def rows(self, statement: Any, *args: Any) -> list[tuple[Any, ...]]:
        return self.database.rows(statement, args or None)

    def server_rows(self) -> Rows:
        return server_rows(self.everything)

    def assert_keeps(self, *computers: Computer, lost: Rows | None = None) -> None:
        """The server has exactly what was recorded, and so has each file of its own.

        `lost` is what was on the server and is in no file any more.
        """
        wanted = together(lost or {}, *(each.settled().rows for each in computers))
        assert_same(wanted, self.server_rows())
        for each in computers:
            each.assert_is(wanted)

    def keep_copy(self) -> None:
        """Note what the tables hold, for `put_back`."""
        noted = "; ".join(
            f"DROP TABLE IF EXISTS public.kept_{table};"
            f" CREATE TABLE public.kept_{table} AS TABLE reprospective.{table}"
            for table in TABLES
        )
        self.rows(f"BEGIN; {noted}; COMMIT")

    def put_back(self) -> None:
        """Let the tables hold what `keep_copy` noted: what a restored backup of them would do."""
        swaps = self.rows(
            """
            SELECT format(
                'DELETE FROM reprospective.%%1$I;'
                ' INSERT INTO reprospective.%%1$I (%%2$s) SELECT %%2$s FROM public.%%3$I',
                table_name, string_agg(quote_ident(column_name), ', '), 'kept_' || table_name
            )
            FROM information_schema.columns
            WHERE table_schema = 'reprospective' AND is_generated = 'NEVER'
                AND table_name = ANY (%s)
            GROUP BY table_name
            """,
            list(TABLES),
        )
        self.rows("; ".join(["BEGIN", *(swap for (swap,) in swaps), "COMMIT"]))


@contextmanager
def hub_on(server: Server, folder: Path) -> Iterator[Hub]:
    """Make a central database on `server`; computers get folders in `folder`."""
    with central_on(server) as made:
        yield Hub(made.database, made.person, folder)


@pytest.fixture
def hub(postgres: Server, tmp_path: Path) -> Iterator[Hub]:
    """The central database of one test, on the server that all share."""
    with hub_on(postgres, tmp_path) as made:
        yield made
