"""Builds the .deb: the wheel, the files, the control files, and dpkg-deb around them."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from installer import pypi, steps
from installer.debian import carried, control

# One thread: what several make depends on how many there are.
SMALL = ("-Zxz", "-z6", "--threads-max=1")


def build(
    python: tuple[int, int] = (3, 11),
    *,
    source: Path = steps.ROOT,
    folder: Path = pypi.DIST,
    compression: Sequence[str] = SMALL,
) -> Path:
    """Build the package for the system's Python of that version.

    Args:
        python: The minor version of /usr/bin/python3 where it is installed.
        source: The checkout of the program; the packaging is this one's.
        folder: Where the package goes.
        compression: Options of dpkg-deb.

    Raises:
        steps.StepFailedError: something that it needs cannot be had.
    """
    steps.BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deb-", dir=steps.BUILD) as work:
        return _build(Path(work), python, source, folder, compression)


def _build(
    work: Path, python: tuple[int, int], source: Path, folder: Path, compression: Sequence[str]
) -> Path:
    from installer.debian import tree  # needs the environment, which --help does without

    architecture = carried.architecture()
    root = work / "root"
    root.mkdir()
    wheel, _sdist = pypi.build(work / "wheel", source)
    version = control.deb_version(wheel.name.split("-")[1], python)
    epoch = pypi.source_epoch()
    tree.lay_out(root, wheel, python=python, version=version, epoch=epoch)
    _control_files(root, version, architecture, python)
    tree.settle(root, epoch)
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / f"{control.PACKAGE}_{version}_{architecture}.deb"
    command = ["dpkg-deb", "--root-owner-group", *compression, "--build", str(root), str(package)]
    steps.run_logged(command, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)})
    return package


def _control_files(root: Path, version: str, architecture: str, python: tuple[int, int]) -> None:
    from installer.debian import tree

    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    # As dpkg counts: whole KiB for a file, and one for whatever else there is.
    kib = sum(-(-file.stat().st_size // 1024) for file in files)
    kib += sum(1 for path in root.rglob("*") if path.is_dir() or path.is_symlink())
    needs = control.depends(python, carried.libc_needed(root / tree.site_of(python)))
    sums = [f"{_md5(file)}  {file.relative_to(root)}\n" for file in files]
    folder = root / "DEBIAN"
    folder.mkdir()
    (folder / "md5sums").write_text("".join(sums), "utf-8")
    (folder / "control").write_text(control.control(version, architecture, kib, needs), "utf-8")
    for name in ("postinst", "prerm"):
        text = (tree.FILES / name).read_text("utf-8")
        interpreter = "/usr/bin/python{}.{}".format(*python)
        (folder / name).write_text(text.replace("@PYTHON@", interpreter), "utf-8")


def _md5(file: Path) -> str:
    # What dpkg --verify compares; against accidents alone.
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def python_version(text: str) -> tuple[int, int]:
    """Return ``3.12`` as (3, 12).

    Raises:
        ValueError: it is not of that form, or older than the program takes.
    """
    major, _, minor = text.partition(".")
    found = (int(major), int(minor))
    if found < (3, 11):
        raise ValueError(text)
    return found


def main(arguments: Sequence[str]) -> int:
    """Build it and say where it is and how large; return an exit code."""
    import argparse

    parser = argparse.ArgumentParser(prog="python3 installer/bootstrap.py package deb")
    parser.add_argument(
        "--python",
        type=python_version,
        default=(3, 11),
        metavar="3.N",
        help="the system's Python where it will be installed; default: 3.11, which Debian 12 has",
    )
    options = parser.parse_args(arguments)
    package = build(options.python)
    size = package.stat().st_size / 1e6
    steps.say(f"{package.relative_to(steps.ROOT)}: {size:.1f} MB")
    steps.say(f"Install it with: sudo apt install ./{package.relative_to(steps.ROOT)}")
    return 0
