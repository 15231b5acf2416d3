"""What belongs to each kind of database: its row accounting, row writer and maintenance.

Each is loaded where it is made: who has no server loads nothing of it.
"""

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.engine.maintenance import Maintenance, OnDamage
from reprospective_tray.store.engine.row_accounting import RowAccounting
from reprospective_tray.store.engine.row_writer import RowWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter


def make_row_accounting(adapter: DatabaseAdapter) -> RowAccounting:
    """Return what keeps the order of recorded rows, and the daily totals, of `adapter`."""
    if isinstance(adapter, SqliteAdapter):
        from reprospective_tray.store.sqlite.row_accounting import SqliteRowAccounting

        return SqliteRowAccounting(adapter)
    from reprospective_tray.store.postgres.row_accounting import PostgresRowAccounting

    return PostgresRowAccounting(adapter)


def make_row_writer(adapter: DatabaseAdapter) -> RowWriter:
    """Return what writes many finished rows at once into `adapter`."""
    if isinstance(adapter, SqliteAdapter):
        from reprospective_tray.store.sqlite.row_writer import SqliteRowWriter

        return SqliteRowWriter(adapter)
    from reprospective_tray.store.postgres.row_writer import PostgresRowWriter

    return PostgresRowWriter(adapter)


def make_maintenance(adapter: DatabaseAdapter, on_damage: OnDamage) -> Maintenance:
    """Return what sees after the database of `adapter` while it is recorded into.

    `on_damage` is told where a damaged file was set aside.
    """
    if isinstance(adapter, SqliteAdapter):
        from reprospective_tray.store.sqlite.maintenance import SqliteMaintenance

        return SqliteMaintenance(adapter.errors, on_damage)
    from reprospective_tray.store.postgres.maintenance import PostgresMaintenance

    return PostgresMaintenance(adapter.errors)
