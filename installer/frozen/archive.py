"""The archive for Linux systems that have no package of their own."""

import lzma
import tarfile
from pathlib import Path

# Finds what repeats over the whole of it: libraries of one make lie far from each other.
FILTERS = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 27}]


def pack(folder: Path, file: Path, top: str, epoch: int) -> Path:
    """Write `file`, a tar.xz of `folder` by the name `top`; the same content gives the same file.

    Args:
        folder: What is packed.
        file: Where to; it is there whole or not at all.
        top: The folder that unpacking makes.
        epoch: The time of all files in it, in seconds since 1970.
    """

    def settled(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = epoch
        runs = member.isdir() or member.mode & 0o100
        member.mode = 0o755 if runs else 0o644
        return member

    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    with (
        lzma.open(unfinished, "wb", filters=FILTERS) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        archive.add(folder, top, recursive=False, filter=settled)
        for path in sorted(folder.rglob("*")):
            name = f"{top}/{path.relative_to(folder).as_posix()}"
            archive.add(path, name, recursive=False, filter=settled)
    unfinished.replace(file)
    return file
