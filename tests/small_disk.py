"""A disk that is small enough to be filled."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Let `folder` be a disk of this size; skips where none can be mounted."""
    folder.mkdir(exist_ok=True)
    if not (mount := shutil.which("mount")):
        pytest.skip("nothing mounts a disk here")
    command = [mount, "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0700", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill_up(ballast: Path) -> None:
    """Let the file `ballast` take all room that its disk has left."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
