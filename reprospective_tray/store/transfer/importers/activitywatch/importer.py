"""An export of ActivityWatch: its windows become active sessions, being away becomes idle ones.

What a later export of the same history adds:

- A session's uid is made of its host, start, state and names, its revision of how it ends. One that
  was still growing at the first export is replaced by its longer version, and one that has turned
  out to be cut (the watcher dates being away back to the last input) by its shorter one. All others
  are the same rows again, and nothing is written.
- Where the file says something else of a time that is held, what is held stays and the new gives
  way: a window's last seconds that turn out to have been spent away stay active, and nothing ever
  overlaps. What is held is all that the database has of a computer of that name: what this computer
  has recorded itself, and what retention took, too. So windows and being away belong into one file:
  from a file with the one, what the other has brought is kept as it is, and only the time that is
  still free is filled.
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
    """What the file does not say: a host's name, and the wall clock's offset at a ms.

    The name is this computer's, or one that a person gave for what the file does not `name`.
    """

    host: str
    offset_minutes: OffsetMinutes
    named: str = ""


def import_activitywatch(  # noqa: PLR0913  each has a name where it is called
    path: Path,
    adapter: DatabaseAdapter,
    *,
    privacy: Privacy,
    progress: Progress,
    here: Here | None = None,
    options: ImportOptions = _USUAL,
) -> Imported:
    """Take over the windows and the times away of the file at `path`.

    Args:
        path: A regular file: all buckets, or one, as JSON. It is read into memory whole.
        adapter: The database; it is opened here, once the file is known to be good.
        privacy: The rules, as a function of application and title.
        progress: Told how far each of the two phases is.
        here: By default this computer's name and time zone.
        options: What else a person may say.

    Raises:
        ImportFileError: it cannot be read, is no export, nothing in it is good, or, where
            `options` are strict, something is bad; nothing was taken.
        StoreError: the database cannot be written; what was taken stays, a repeat goes on.
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
        """Yield a host's sessions in order, closed and not synced."""
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
                # Sessions may be more than events, which away times have cut.
                progress(min(done, total), total)
        taking.flush()  # a batch is of one device
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
    """Return the part of a row between two moments; what begins as it does keeps its uid."""
    if (started_at, ended_at) == (row["started_at"], row["ended_at"]):
        return row
    uid = row["uid"] if started_at == row["started_at"] else derived_uid(started_at, row["uid"])
    revision = revision_of(ended_at - started_at, cut=is_cut(row["revision"]))
    times = {"started_at": started_at, "ended_at": ended_at}
    return row | times | {"uid": uid, "revision": revision}
