"""The local file and its disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray.checks.finding import Case, Finding
from reprospective_tray.messages import _
from reprospective_tray.system import ownership
from reprospective_tray.system.ownership import ForeignOwnerError

if TYPE_CHECKING:
    from reprospective_tray.errors import StoreError
    from reprospective_tray.store.sqlite.integrity_check import FileFacts
    from reprospective_tray.system.paths import Paths

# Checking a million sessions took six seconds.
INTEGRITY_S = 20.0
DATABASE_S = INTEGRITY_S + 5.0
# A year of recording takes less.
LEAST_FREE = 200 * 1000 * 1000

_KILO = 1000
_SESSIONS = "desktop_activity_sessions"
_OTHERS_READ, _OTHERS_PASS = 0o004, 0o001


def database(case: Case) -> list[Finding]:
    """Return the state of the file, and whether it is undamaged.

    One after the other in one thread: opening the file without SQLite, as is done for its
    header, releases the locks that the process has on it.
    """
    from reprospective_tray.store.sqlite import integrity_check
    from reprospective_tray.store.sqlite.file.permissions import check_owner, foreign

    settings = case.loaded.config.database
    if settings.local.type == "postgresql":
        detail = _("Sessions are recorded directly to the server.")
        return [Finding("database", found=True, detail=detail, needed=True)]
    path = case.loaded.config.database_path(case.paths)
    if not path.exists():
        return [_nothing_yet(path)]
    try:
        check_owner(path, reading=False)
        facts = integrity_check.look(path)
        finding = _file(path, facts)
        if not finding.found:
            return [finding]
        complaint = integrity_check.quick_check(path, INTEGRITY_S)
    except ForeignOwnerError as error:
        known = foreign(error)
        return [Finding("database", False, str(known), known.remedy, needed=True)]
    except (OSError, sqlite3.Error) as error:
        known = integrity_check.explain(path, error)
        return [Finding("database", False, str(known), known.remedy, needed=True)]
    return [finding, _integrity(path, complaint)]


def _nothing_yet(path: Path) -> Finding:
    return Finding(
        "database",
        found=None,
        detail=_("Nothing has been recorded yet: there is no {path}.").format(path=path),
        remedy=_("Start recording with: reprospective-tray run"),
        needed=True,
    )


def _file(path: Path, facts: FileFacts) -> Finding:
    there, here = facts.schema_version, facts.schema_version_here
    if not facts.tables and not there:
        return _nothing_yet(path)
    if there > here:
        detail = _("The database {path} was written by a newer version.").format(path=path)
        remedy = _("Install the newest version of reprospective-tray.")
        return Finding("database", found=False, detail=detail, remedy=remedy, needed=True)
    if _SESSIONS not in facts.tables:
        detail = _("{path} is another program's database.").format(path=path)
        remedy = _("Set database.local.path in config.yaml to a file of its own.")
        return Finding("database", found=False, detail=detail, remedy=remedy, needed=True)
    detail = _("{path}: {size}, schema {version}, journal {mode}").format(
        path=path, size=size_text(facts.size), version=there, mode=facts.journal_mode
    )
    remedy = _("The next start updates it.") if there < here else ""
    return Finding("database", found=True, detail=detail, remedy=remedy, needed=True)


def _integrity(path: Path, complaint: str | None) -> Finding:
    name = "integrity"
    if complaint is None:
        detail = _("No damage found in the part that was checked within {seconds:g} s.").format(
            seconds=INTEGRITY_S
        )
        return Finding(name, found=None, detail=detail, needed=True)
    if complaint:
        from reprospective_tray.store.sqlite.integrity_check import damaged

        error = damaged(path)
        return Finding(name, False, f"{error} {complaint}", error.remedy, needed=True)
    return Finding(name, found=True, detail=_("No damage found."), needed=True)


def rights(case: Case) -> list[Finding]:
    """Return whether the file can be written, and who else can read it."""
    from reprospective_tray.store.sqlite.file.permissions import closed_to_group

    local = case.loaded.config.database.local
    if local.type == "postgresql":
        return []
    path = case.loaded.config.database_path(case.paths)
    if strange := _of_another_user(path, case.paths):
        return [Finding("rights", False, str(strange), strange.remedy, needed=True)]
    place = _nearest(path)
    folder = place if place.is_dir() else place.parent
    if not (os.access(place, os.W_OK) and os.access(folder, os.W_OK | os.X_OK)):
        detail = _("You cannot write to {path}.").format(path=place)
        remedy = _("Give yourself write access to it.")
        return [Finding("rights", found=False, detail=detail, remedy=remedy, needed=True)]
    if os.name != "nt" and place != folder:
        if local.readable_by == "group" and (closed := closed_to_group(path)):
            detail = _("{folder} keeps your group from reaching the database.").format(
                folder=closed
            )
            remedy = _("Allow your group into it (chmod g+x), or set readable_by to owner.")
            return [Finding("rights", found=False, detail=detail, remedy=remedy)]
        if _open_to_others(path):
            detail = _("Everybody on this computer can read {path}.").format(path=path)
            remedy = _(
                "The next start of recording removes the read access of other users. Or run: "
                "chmod o-r"
            )
            return [Finding("rights", found=False, detail=detail, remedy=remedy)]
    readers = {
        "owner": _("Only you can read and write it."),
        "group": _("You can read and write it, your group can read it."),
    }
    return [Finding("rights", found=True, detail=readers[local.readable_by], needed=True)]


def _of_another_user(path: Path, paths: Paths) -> StoreError | None:
    """Return what is wrong if something that recording uses belongs to another user."""
    from reprospective_tray.store.sqlite.file.permissions import foreign

    for each in (path.parent, path, Path(f"{path}.leftover"), paths.state, paths.log):
        try:
            ownership.check_if_there(each)
        except ForeignOwnerError as error:
            return foreign(error)
        except OSError:  # other checks report what cannot be read
            continue
    return None


def _open_to_others(path: Path) -> bool:
    passes = all(folder.stat().st_mode & _OTHERS_PASS for folder in path.absolute().parents)
    return passes and bool(path.stat().st_mode & _OTHERS_READ)


def disk(case: Case) -> list[Finding]:
    """Return how much disk space is free where the data is."""
    place = _nearest(case.loaded.config.database_path(case.paths).parent)
    usage = shutil.disk_usage(place)
    detail = _("{free} of {total} are free at {place}.").format(
        free=size_text(usage.free), total=size_text(usage.total), place=place
    )
    enough = usage.free >= LEAST_FREE
    remedy = (
        ""
        if enough
        else _("Free some space. Until then, sessions that cannot be written are kept in memory.")
    )
    return [Finding("disk", found=enough, detail=detail, remedy=remedy, needed=True)]


def size_text(count: int) -> str:
    """Return a number of bytes in readable form, by powers of 1000."""
    if count < _KILO:
        return f"{count} bytes"
    size, units = count / _KILO, ["kB", "MB", "GB", "TB"]
    while size >= _KILO and units[1:]:
        size /= _KILO
        units.pop(0)
    return f"{size:.1f} {units[0]}"


def _nearest(path: Path) -> Path:
    """Return `path`, or the nearest existing folder above it."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())
