"""Factories for the row accounting, row writer and maintenance of each kind of database.

Each factory imports its class on first use, so an installation without a server never loads the
PostgreSQL code.
"""

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.engine.maintenance import Maintenance, OnDamage
from reprospective_tray.store.engine.row_accounting import RowAccounting
from reprospective_tray.store.engine.row_writer import RowWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter


def make_row_accounting(adapter: DatabaseAdapter) -> RowAccounting:
    """Return the row accounting for `adapter`: the order of rows and the daily totals."""
    if isinstance(adapter, SqliteAdapter):
        from reprospective_tray.store.sqlite.rows.row_accounting import SqliteRowAccounting

        return SqliteRowAccounting(adapter)
    from reprospective_tray.store.postgres.row_accounting import PostgresRowAccounting

    return PostgresRowAccounting(adapter)


def make_row_writer(adapter: DatabaseAdapter) -> RowWriter:
    """Return the writer that stores finished rows in `adapter` in batches."""
    if isinstance(adapter, SqliteAdapter):
        from reprospective_tray.store.sqlite.rows.row_writer import SqliteRowWriter

        return SqliteRowWriter(adapter)
    from reprospective_tray.store.postgres.row_writer import PostgresRowWriter

    return PostgresRowWriter(adapter)


def make_maintenance(adapter: DatabaseAdapter, on_damage: OnDamage) -> Maintenance:
    """Return the maintenance of `adapter`'s database during recording.

    `on_damage` is called with the path to which a damaged file was moved.
    """
    if isinstance(adapter, SqliteAdapter):
        from reprospective_tray.store.sqlite.maintenance import SqliteMaintenance

        return SqliteMaintenance(adapter.errors, on_damage)
    from reprospective_tray.store.postgres.maintenance import PostgresMaintenance

    return PostgresMaintenance(adapter.errors)
