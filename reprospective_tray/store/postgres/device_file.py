"""The device id of a computer that records directly to a server."""

import os
import uuid
from contextlib import suppress
from pathlib import Path

from reprospective_tray.store.model.ids import new_device_id
from reprospective_tray.system.ownership import read_own
from reprospective_tray.system.private_files import make_private_folder, write_private

NAME = "device_id"


def kept_device_id(data: Path) -> str:
    """Return the UUID stored in the folder `data`; create it on first use.

    Raises:
        OSError: it cannot be read or stored.
    """
    file = data / NAME
    if found := _read(file):
        return found
    make_private_folder(data)
    made = file.with_name(f".{NAME}.{os.getpid()}")
    write_private(made, f"{new_device_id()}\n".encode())
    try:
        if file.exists() and not _read(file):
            made.replace(file)  # it holds no UUID
        else:
            # A hard link never replaces a file: of two processes, both use the first one's id.
            with suppress(FileExistsError):
                os.link(made, file)
    finally:
        made.unlink(missing_ok=True)
    return _read(file)


def _read(file: Path) -> str:
    try:
        return str(uuid.UUID(read_own(file).decode("ascii").strip()))
    except (FileNotFoundError, ValueError):
        return ""
