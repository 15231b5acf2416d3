"""Unpacks archives, and nothing outside the folder, on every Python that is supported.

The filters of `tarfile` came with Python 3.11.4; Debian 12 has 3.11.2.
"""

import sys
from pathlib import Path
from typing import BinaryIO

if sys.version_info >= (3, 12):
    import tarfile
else:
    from backports import tarfile


def unpack(archive: Path | BinaryIO, folder: Path, inside: str = "") -> None:
    """Unpack what has a name beginning with `inside` into `folder`; by default all.

    Owners are not kept, and a file that others may write becomes one that only its owner may.

    Raises:
        tarfile.FilterError: something would land outside of `folder`, or is a device.
    """
    source = {"name": archive} if isinstance(archive, Path) else {"fileobj": archive}
    with tarfile.open(**source) as opened:
        members = [member for member in opened if member.name.startswith(inside)]
        opened.extractall(folder, members, filter="data")
