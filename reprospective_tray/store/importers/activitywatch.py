"""An export of ActivityWatch: its windows become active sessions, being away becomes idle ones.

What a later export of the same history adds:

- A session's uid is made of its host, start, state and names, its revision of how it ends. One that
  was still growing at the first export is replaced by its longer version, and one that has turned
  out to be cut (the watcher dates being away back to the last input) by its shorter one. All others
  are the same rows again, and nothing is written.
- Where the file says something else of a time that is held, what is held stays and the new gives
  way: a window's last seconds that turn out to have been spent away stay active, and nothing ever
  overlaps. So windows and being away belong into one file: from a file with the one, what the
  other has brought is kept as it is, and only the time that is still free is filled.
"""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.ids import derived_device_id, derived_uid
from reprospective_tray.store.importers.activitywatch_file import (
    Export,
    ExportReader,
    HostEvents,
)
from reprospective_tray.store.importers.activitywatch_sessions import (
    Stretch,
    is_cut,
    revision_of,
    stretches,
)
from reprospective_tray.store.importers.giving_way import GivingWay
from reprospective_tray.store.importers.taking import (
    Imported,
    Phase,
    Privacy,
    Progress,
    Row,
    Taking,
    local_offset_minutes,
    now_ms,
    reading,
)

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Here:
    """What the file does not say: a host's name, and the wall clock's offset at a ms."""

    host: str
    offset_minutes: Callable[[int], int]


def import_activitywatch(
    path: Path,
    adapter: DatabaseAdapter,
    *,
    privacy: Privacy,
    progress: Progress,
    here: Here | None = None,
) -> Imported:
    """Take over the windows and the times away of the file at `path`.

    Args:
        path: A regular file: all buckets, or one, as JSON. It is read into memory whole.
        adapter: The database; it is opened here, once the file is known to be good.
        privacy: The rules, as a function of application and title.
        progress: Told how far each of the two phases is.
        here: By default this computer's name and time zone.

    Raises:
        ImportFileError: it cannot be read, is no export, or has bad events; nothing was taken.
        StoreError: the database cannot be written; what was taken stays, a repeat goes on.
    """
    here = here or Here(socket.gethostname(), local_offset_minutes)
    with reading(path, adapter) as file:
        size = os.fstat(file.fileno()).st_size

        def checked(done: int) -> None:
            progress(Phase.CHECKING, done, size)

        def written(done: int, total: int) -> None:
            progress(Phase.WRITING, size * done // max(total, 1), size)

        export = ExportReader(path, now_ms(), here.host, checked).read(file.read())
        checked(size)
        adapter.open()
        with adapter.connection():
            taking = Taking(adapter, privacy, batch=_CHUNK, fit=GivingWay(adapter, _part_of).fit)
            return _take(export, taking, here, written)


def _rows_of(host: str, events: HostEvents, here: Here) -> Iterator[Row]:
    """Yield a host's sessions in order, closed and not synced."""
    device_id = derived_device_id(host)
    for stretch in stretches(events, here.offset_minutes):
        yield _row(host, device_id, stretch)


def _take(
    export: Export, taking: Taking, here: Here, progress: Callable[[int, int], None]
) -> Imported:
    total = sum(len(each.windows) + len(each.away) for each in export.hosts.values())
    done = 0
    for host, events in export.hosts.items():
        for row in _rows_of(host, events, here):
            done += 1
            if taking.add(row):
                # Sessions may be more than events, which away times have cut.
                progress(min(done, total), total)
        taking.flush()  # a batch is of one device
    imported = taking.finish(export.other_buckets)
    progress(1, 1)
    return imported


def _row(host: str, device_id: str, stretch: Stretch) -> Row:
    state, names = stretch.state.value, (stretch.application_name, stretch.window_title)
    return {
        "uid": derived_uid(stretch.started_at, "activitywatch", host, state, *names),
        "device_id": device_id,
        "source_host": host,
        "state": state,
        "application_name": names[0],
        "window_title": names[1],
        "process_id": None,
        "started_at": stretch.started_at,
        "ended_at": stretch.ended_at,
        "utc_offset_minutes": stretch.utc_offset_minutes,
        "open": 0,
        "deleted": 0,
        "revision": stretch.revision,
        "synced": 0,
        "synced_at": None,
    }


def _part_of(row: Row, started_at: int, ended_at: int) -> Row:
    """Return the part of a row between two moments; what begins as it does keeps its uid."""
    if (started_at, ended_at) == (row["started_at"], row["ended_at"]):
        return row
    uid = row["uid"] if started_at == row["started_at"] else derived_uid(started_at, row["uid"])
    revision = revision_of(ended_at - started_at, cut=is_cut(row["revision"]))
    times = {"started_at": started_at, "ended_at": ended_at}
    return row | times | {"uid": uid, "revision": revision}
