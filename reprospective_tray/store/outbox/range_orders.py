"""RangeOrders: the deletions of time ranges that the server is still to carry out."""

from collections.abc import Sequence
from typing import Any

import msgspec

from reprospective_tray.store.sqlite.adapter import SqliteAdapter


class RangeOrders:
    """The range deletions for the server; must be used in the adapter's `connection()`."""

    def __init__(self, adapter: SqliteAdapter) -> None:
        """Use the file of `adapter`."""
        self._models = adapter.models

    def waiting(self) -> list[dict[str, Any]]:
        """Return the unacknowledged range deletions for the server, in the format for sending."""
        order = self._models.RangeOrder
        return [
            {
                "uid": row.uid,
                "device_ids": msgspec.json.decode(row.device_ids),
                "started_at": row.started_at,
                "ended_at": row.ended_at,
                "application_name": row.application_name,
            }
            for row in order.select().where(order.acknowledged == 0).order_by(order.ordered_at)
        ]

    def acknowledge(self, orders: Sequence[str]) -> None:
        """Mark the range deletions with these uids as done by the server."""
        if orders:
            order = self._models.RangeOrder
            order.update(acknowledged=1).where(order.uid.in_(orders)).execute()

    def send_again(self) -> None:
        """Mark all range deletions as not done by the server."""
        self._models.RangeOrder.update(acknowledged=0).execute()
