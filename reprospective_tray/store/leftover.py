"""What could not be written before the end, kept beside the database for the next start."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from reprospective_tray.ownership import read_own
from reprospective_tray.private_files import make_private_folder, write_private
from reprospective_tray.store.adapter import DatabaseAdapter
from reprospective_tray.store.sessions import Change, Put, Rewind, Session, StepBack
from reprospective_tray.store.writer import SessionWriter

log = logging.getLogger(__name__)


def keep(file: Path, changes: Sequence[Change], run: int | None) -> None:
    """Keep `changes` in `file`, behind what earlier runs have kept; for their owner alone.

    `run` is `SessionWriter.run`, None where the database could not even be opened.

    Raises:
        OSError: they cannot be kept, either.
    """
    plain = [[type(change).__name__, asdict(change)] for change in changes]
    kept = _read(file)
    if not file.parent.exists():
        make_private_folder(file.parent)
    write_private(file, msgspec.json.encode([*kept, {"run": run, "changes": plain}]))


def take_up(
    adapter: DatabaseAdapter, source_host: str, unstorable: tuple[type[Exception], ...]
) -> int:
    """Write what an earlier run has kept, and let go of it; return how many changes that were.

    Use it inside the adapter's `connection()`, before what that run left open is closed.
    A change that raises one of `unstorable` can never be written, and is left out.

    Raises:
        peewee.PeeweeException: it cannot be written yet.
    """
    file = adapter.leftover_file
    kept = _read(file)
    count = 0
    for part in kept:
        changes = [_change(name, values) for name, values in part["changes"]]
        _write(changes, SessionWriter(adapter, source_host, part["run"]), unstorable)
        count += len(changes)
    if kept:
        file.unlink()
    return count


def _write(
    changes: Sequence[Change], writer: SessionWriter, unstorable: tuple[type[Exception], ...]
) -> None:
    try:
        writer.apply(changes)
    except unstorable as error:
        if len(changes) > 1:
            for change in changes:
                _write([change], writer, unstorable)
        else:
            log.error("a change that cannot be stored is left out: %s", str(error))  # noqa: TRY400  a line is enough


def _read(file: Path) -> list[dict[str, Any]]:
    """Return what is kept, one part for each run; nothing where the file is none of ours."""
    try:
        kept: list[dict[str, Any]] = msgspec.json.decode(read_own(file))
        for part in kept:
            for name, values in part["changes"]:
                _change(name, values)
            msgspec.convert(part["run"], int | None)
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        log.error("%s cannot be read: %s", file, error)  # noqa: TRY400  a line is enough
        return []
    return kept


def _change(name: str, values: dict[str, Any]) -> Change:
    if name == Put.__name__:
        return Put(msgspec.convert(values["session"], Session))
    if name == Rewind.__name__:
        return msgspec.convert(values, Rewind)
    return msgspec.convert(values, StepBack)
