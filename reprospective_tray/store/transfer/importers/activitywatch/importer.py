"""Imports ActivityWatch exports: windows become active sessions, away times become idle ones.

A later export of the same history is merged as follows:

- A session's uid is derived from its host, start, state and names; its revision from its end. A
  session that was still growing at the first export is replaced by its longer version. One that
  turned out to be cut (the watcher dates away times back to the last input) is replaced by its
  shorter version. All others are identical, and nothing is written.
- If the file contradicts a stored time, the stored session is kept and the new one is clipped, so
  sessions never overlap: a window's last seconds that later turn out to be away time stay active.
  Stored times are all that the database has for a computer of that name, including sessions
  recorded by this computer and those removed by retention. So windows and away times should be in
  one file: if they are imported from two, the second fills only the time that is still free.
"""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.ids import derived_device_id, derived_uid
from reprospective_tray.store.model.sessions import Row
from reprospective_tray.store.transfer.importers.activitywatch.file import (
    EventReader,
    Export,
    ExportReader,
    HostEvents,
)
from reprospective_tray.store.transfer.importers.activitywatch.sessions import (
    EventRun,
    Tally,
    is_cut,
    revision_of,
    stretches,
)
from reprospective_tray.store.transfer.importers.clock import OffsetMinutes, local_offset_minutes
from reprospective_tray.store.transfer.importers.import_batch import (
    Events,
    ImportBatch,
    Imported,
    ImportOptions,
    Phase,
    Privacy,
    Progress,
    reading,
)
from reprospective_tray.store.transfer.importers.occupied import Occupied
from reprospective_tray.store.transfer.importers.overlaps import Overlaps
from reprospective_tray.store.transfer.importers.own_time_first import OwnTimeFirst
from reprospective_tray.store.transfer.importers.person import person_of
from reprospective_tray.system.clock import now_ms

_CHUNK = 1000
_USUAL = ImportOptions()


@dataclass(frozen=True, slots=True)
class Here:
    """Values missing in the file: the host's name, and the UTC offset at a time in ms.

    `host` is this computer's name; `named` is a name given by the user, empty if none.
    """

    host: str
    offset_minutes: OffsetMinutes
    named: str = ""


def import_activitywatch(  # noqa: PLR0913  most are keyword-only
    path: Path,
    adapter: DatabaseAdapter,
    *,
    privacy: Privacy,
    progress: Progress,
    here: Here | None = None,
    options: ImportOptions = _USUAL,
) -> Imported:
    """Import the window and away events of the file at `path`.

    Args:
        path: A regular file with one or all buckets as JSON. It is read into memory at once.
        adapter: The database; it is opened here after the file was checked.
        privacy: The privacy rules, as a function of application and title.
        progress: Called with the progress of each of the two phases.
        here: By default this computer's name and time zone.
        options: Further options of the user.

    Raises:
        ImportFileError: the file cannot be read, is not an export, has no valid event, or, if
            `options` are strict, has a bad event; nothing was imported.
        StoreError: the database cannot be written; imported rows are kept and a repeat continues.
    """
    here = here or Here(socket.gethostname(), local_offset_minutes)
    with reading(path, adapter) as file:
        size = os.fstat(file.fileno()).st_size

        def checked(done: int) -> None:
            progress(Phase.CHECKING, done, size)

        def written(done: int, total: int) -> None:
            progress(Phase.WRITING, size * done // max(total, 1), size)

        how = EventReader(
            here.named or here.host, bool(here.named), options.strict, options.show_all
        )
        export = ExportReader(path, now_ms(), how, checked).read(file.read())
        checked(size)
        adapter.open()
        with adapter.connection():
            occupied = Occupied(adapter, here.host, now_ms())
            overlaps = Overlaps(show_all=options.show_all)
            giving_way = OwnTimeFirst(occupied, _part_of, overlaps, fills=True)
            taking = ImportBatch(adapter, privacy, giving_way, batch=_CHUNK)
            whose = _Whose(options.person or person_of(adapter), here)
            return _take(export, taking, whose, written)


@dataclass(frozen=True, slots=True)
class _Whose:
    person: str
    here: Here

    def rows(self, host: str, events: HostEvents, tally: Tally) -> Iterator[Row]:
        """Yield a host's sessions in order, as closed, unsynced rows."""
        device_id = derived_device_id(host)
        for stretch in stretches(events, self.here.offset_minutes, tally):
            yield _row(self.person, host, device_id, stretch)


def _take(
    export: Export, taking: ImportBatch, whose: _Whose, progress: Callable[[int, int], None]
) -> Imported:
    total = sum(len(each.windows) + len(each.away) for each in export.hosts.values())
    done = 0
    tally = Tally()
    for host, events in export.hosts.items():
        for row in whose.rows(host, events, tally):
            done += 1
            if taking.add(row):
                # There may be more sessions than events, because away times split windows.
                progress(min(done, total), total)
        taking.flush()  # each batch holds rows of one device
    imported = taking.finish()
    progress(1, 1)
    events_done = Events(
        export.events,
        tally.merged,
        tally.clipped,
        tally.hidden,
        export.empty,
        export.bad,
        export.bad_places,
    )
    return replace(imported, other_buckets=export.other_buckets, events=events_done)


def _row(person: str, host: str, device_id: str, stretch: EventRun) -> Row:
    state, names = stretch.state.value, (stretch.application_name, stretch.window_title)
    return {
        "uid": derived_uid(stretch.started_at, "activitywatch", person, host, state, *names),
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
    """Return the part of a row between two times (ms); a part with the same start keeps its uid."""
    if (started_at, ended_at) == (row["started_at"], row["ended_at"]):
        return row
    uid = row["uid"] if started_at == row["started_at"] else derived_uid(started_at, row["uid"])
    revision = revision_of(ended_at - started_at, cut=is_cut(row["revision"]))
    times = {"started_at": started_at, "ended_at": ended_at}
    return row | times | {"uid": uid, "revision": revision}
