"""The Peewee models, made for one adapter.

peewee's `bind` acts on the whole process, so each adapter gets classes of its
own: with two databases open, a row can never land in the other one.
"""

from dataclasses import dataclass
from typing import Any

import peewee


@dataclass(frozen=True)
class Models:
    """The model classes of one database."""

    Session: Any
    Day: Any
    Meta: Any
    Taken: Any
    Refused: Any
    RangeOrder: Any


def make_models(database: peewee.Database) -> Models:
    """Return model classes that live in `database` and nowhere else."""
    base: Any = database.Model

    class Session(base):
        """A session: times are ms since the epoch, UTC."""

        id = peewee.AutoField()
        uid = peewee.TextField(unique=True)
        device_id = peewee.TextField()
        source_host = peewee.TextField()
        state = peewee.TextField()
        application_name = peewee.TextField()
        window_title = peewee.TextField()
        process_id = peewee.IntegerField(null=True)
        started_at = peewee.BigIntegerField(index=True)
        ended_at = peewee.BigIntegerField()
        utc_offset_minutes = peewee.IntegerField()
        open = peewee.IntegerField(default=0)
        deleted = peewee.IntegerField(default=0)
        revision = peewee.IntegerField(default=1)
        synced = peewee.IntegerField(default=0)
        synced_at = peewee.BigIntegerField(null=True)

        class Meta:
            table_name = "desktop_activity_sessions"

    class Day(base):
        """One application in one state on one day as lived: the daily rollup."""

        day = peewee.TextField()
        device_id = peewee.TextField()
        source_host = peewee.TextField()
        state = peewee.TextField()
        application_name = peewee.TextField()
        ms = peewee.BigIntegerField()
        sessions = peewee.IntegerField()
        first_at = peewee.BigIntegerField()
        first_offset_minutes = peewee.IntegerField()
        last_at = peewee.BigIntegerField()
        last_offset_minutes = peewee.IntegerField()

        class Meta:
            table_name = "desktop_activity_days"
            primary_key = peewee.CompositeKey(
                "day", "device_id", "source_host", "state", "application_name"
            )

    class Meta(base):
        """A fact about the file, such as the device it belongs to."""

        key = peewee.TextField(primary_key=True)
        value = peewee.TextField()

        class Meta:
            table_name = "desktop_activity_meta"

    class Taken(base):
        """A session that retention took: it is counted in its days, and on the server."""

        uid = peewee.TextField(primary_key=True)
        revision = peewee.IntegerField()

        class Meta:
            table_name = "desktop_activity_taken"

    class Refused(base):
        """A session that the server refused in this revision, and why."""

        uid = peewee.TextField(primary_key=True)
        revision = peewee.IntegerField()
        reason = peewee.TextField()
        refused_at = peewee.BigIntegerField()

        class Meta:
            table_name = "desktop_activity_refused"

    class RangeOrder(base):
        """What was forgotten after retention had taken it, for the server to forget, too."""

        uid = peewee.TextField(primary_key=True)
        device_ids = peewee.TextField()  # a JSON list
        started_at = peewee.BigIntegerField()
        ended_at = peewee.BigIntegerField()
        application_name = peewee.TextField(null=True)  # None: every application
        ordered_at = peewee.BigIntegerField()
        acknowledged = peewee.IntegerField(default=0)

        class Meta:
            table_name = "desktop_activity_range_orders"

    return Models(Session, Day, Meta, Taken, Refused, RangeOrder)
