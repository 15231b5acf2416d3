"""Connects to a trusted database and makes sure that it has the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprospective_tray.store.postgres.connection.connection import connect
from reprospective_tray.store.postgres.connection.errors import sensible
from reprospective_tray.store.postgres.schema.owner import require_trusted
from reprospective_tray.store.postgres.schema.upgrade import ensure

if TYPE_CHECKING:
    from pathlib import Path

    from reprospective_tray.store.postgres.connection.address import ServerAddress
    from reprospective_tray.store.postgres.connection.connection import Connection


def connect_prepared(address: ServerAddress, data: Path) -> Connection:
    """Connect to a database and create or upgrade its schema if needed; see `ensure`.

    `data` is the program's own folder, see `owner.require_trusted`.

    Raises:
        ServerError: as in `connect`, `require_trusted` and `ensure`.
    """
    connection = connect(address)
    try:
        with sensible(connection.address):
            require_trusted(connection, data)
            ensure(connection)
    except BaseException:
        connection.close()
        raise
    return connection
