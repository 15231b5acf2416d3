"""A connection to a database that has the schema, or gets it, and may be trusted with titles."""

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
    """Connect to a database that has the schema, or gets it now: see `ensure`.

    `data` is the program's own folder, see `owners.require_trusted`.

    Raises:
        ServerError: as `connect`, `require_trusted` and `ensure`.
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
