"""Creates the Peewee models for one adapter.

peewee's `bind` affects the whole process, so each adapter gets its own classes. With two databases
open, a row can then never be written to the wrong one.
"""

from dataclasses import dataclass
from typing import Any

import peewee

from reprospective_tray.store.model.fields import (
    InstantField,
    ServerDayField,
    ServerInstantField,
    ServerMicrosecondField,
)

SERVER_SCHEMA = "reprospective"


@dataclass(frozen=True)
class Models:
    """The model classes that both databases have."""

    Session: Any
    Day: Any
    Entry: Any


@dataclass(frozen=True)
class LocalModels(Models):
    """The model classes of the local file."""

    Meta: Any
    Taken: Any
    TakenTime: Any
    Refused: Any
    RangeOrder: Any
    ClosedDay: Any


def make_models(database: peewee.Database) -> LocalModels:
    """Return the local file's model classes, bound only to `database`."""
    base: Any = database.Model

    class Session(_session_columns(base, InstantField)):  # type: ignore[misc]  # made at run time
        """A session: times are ms since the epoch, UTC."""

        id = peewee.AutoField()
        uid = peewee.TextField(unique=True)
        synced = peewee.IntegerField(default=0)
        synced_at = peewee.BigIntegerField(null=True)

        class Meta:
            table_name = "desktop_activity_sessions"

    class Day(_day_columns(base, InstantField)):  # type: ignore[misc]  # made at run time
        """The daily rollup: one application in one state on one local day."""

        day = peewee.TextField()

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
        """A session removed by retention; the daily rollup and the server still have it."""

        uid = peewee.TextField(primary_key=True)
        revision = peewee.IntegerField()

        class Meta:
            table_name = "desktop_activity_taken"

    class TakenTime(base):
        """A gapless time covered by sessions that retention removed; it counts as occupied."""

        device_id = peewee.TextField()
        source_host = peewee.TextField()
        started_at = peewee.BigIntegerField()
        ended_at = peewee.BigIntegerField()

        class Meta:
            table_name = "desktop_activity_taken_times"
            primary_key = peewee.CompositeKey("device_id", "source_host", "started_at")

    class Refused(base):
        """A session revision that the server refused, with the reason."""

        uid = peewee.TextField(primary_key=True)
        revision = peewee.IntegerField()
        reason = peewee.TextField()
        refused_at = peewee.BigIntegerField()

        class Meta:
            table_name = "desktop_activity_refused"

    class RangeOrder(base):
        """An order for the server to delete a time range whose sessions retention removed here."""

        uid = peewee.TextField(primary_key=True)
        device_ids = peewee.TextField()  # a JSON list
        started_at = peewee.BigIntegerField()
        ended_at = peewee.BigIntegerField()
        application_name = peewee.TextField(null=True)  # None: every application
        ordered_at = peewee.BigIntegerField()
        acknowledged = peewee.IntegerField(default=0)

        class Meta:
            table_name = "desktop_activity_range_orders"

    class Entry(_entry_columns(base, InstantField)):  # type: ignore[misc]  # made at run time
        """An entry: what a person says that a time was for; times are ms since the epoch, UTC."""

        id = peewee.AutoField()
        uid = peewee.TextField(unique=True)
        synced = peewee.IntegerField(default=0)
        synced_at = peewee.BigIntegerField(null=True)

        class Meta:
            table_name = "desktop_activity_entries"

    class ClosedDay(base):
        """A local day whose entries are not changed until it is opened."""

        day = peewee.TextField(primary_key=True)
        closed_at = peewee.BigIntegerField()

        class Meta:
            table_name = "desktop_activity_closed_days"

    return LocalModels(Session, Day, Entry, Meta, Taken, TakenTime, Refused, RangeOrder, ClosedDay)


def make_server_models(database: peewee.Database) -> Models:
    """Return the server's model classes, bound only to `database`."""
    base: Any = database.Model

    class Session(_session_columns(base, ServerInstantField)):  # type: ignore[misc]  # made at run time
        """A session of any user this role may read: times are ms since the epoch, UTC."""

        uid = peewee.TextField(primary_key=True)
        owner = peewee.TextField()  # the role that sent it
        original_id = peewee.BigIntegerField(null=True)  # None: recorded straight to the server
        received_at = ServerMicrosecondField()
        # The local days on which it begins and ends, stored for indexing.
        first_day = ServerDayField()
        last_day = ServerDayField()
        midnights = peewee.IntegerField()  # between first_day and last_day

        class Meta:
            schema = SERVER_SCHEMA
            table_name = "desktop_activity_sessions"

    class Day(_day_columns(base, ServerInstantField)):  # type: ignore[misc]  # made at run time
        """A view: one application in one state on one local day."""

        day = ServerDayField()
        owner = peewee.TextField()

        class Meta:
            schema = SERVER_SCHEMA
            table_name = "desktop_activity_days"
            primary_key = False

    class Entry(_entry_columns(base, ServerInstantField)):  # type: ignore[misc]  # made at run time
        """An entry of any user this role may read: times are ms since the epoch, UTC."""

        uid = peewee.TextField(primary_key=True)
        owner = peewee.TextField()

        class Meta:
            schema = SERVER_SCHEMA
            table_name = "desktop_activity_entries"

    return Models(Session, Day, Entry)


def _session_columns(base: Any, instant: Any) -> Any:
    """Return the columns of a session that both databases have."""

    class Columns(base):
        device_id = peewee.TextField()
        source_host = peewee.TextField()
        state = peewee.TextField()
        application_name = peewee.TextField()
        window_title = peewee.TextField()
        process_id = peewee.IntegerField(null=True)
        started_at = instant(index=True)
        ended_at = instant()
        utc_offset_minutes = peewee.IntegerField()
        open = peewee.IntegerField(default=0)
        deleted = peewee.IntegerField(default=0)
        revision = peewee.IntegerField(default=1)

        class Meta:
            primary_key = False

    return Columns


def _entry_columns(base: Any, instant: Any) -> Any:
    """Return the columns of an entry that both databases have."""

    class Columns(base):
        device_id = peewee.TextField()
        source_host = peewee.TextField()
        started_at = instant()
        ended_at = instant()
        utc_offset_minutes = peewee.IntegerField()
        category = peewee.TextField()
        note = peewee.TextField(default="")
        billable = peewee.IntegerField(default=1)
        revision = peewee.IntegerField(default=1)
        deleted = peewee.IntegerField(default=0)

        class Meta:
            primary_key = False

    return Columns


def _day_columns(base: Any, instant: Any) -> Any:
    """Return the columns of a day that both databases have."""

    class Columns(base):
        device_id = peewee.TextField()
        source_host = peewee.TextField()
        state = peewee.TextField()
        application_name = peewee.TextField()
        ms = peewee.BigIntegerField()
        sessions = peewee.IntegerField()
        first_at = instant()
        first_offset_minutes = peewee.IntegerField()
        last_at = instant()
        last_offset_minutes = peewee.IntegerField()

        class Meta:
            primary_key = False

    return Columns
