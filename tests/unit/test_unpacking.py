"""Archives are unpacked on Debian 12's Python 3.11.2, too, and into their folder alone."""

import ast
import io
import os
import tarfile
from pathlib import Path

import pytest

from tests.packages import unpacking
from tests.packages.unpacking import unpack

ROOT = Path(__file__).resolve().parents[2]
HELPER = ROOT / "tests" / "packages" / "unpacking.py"


def packed(*members: tuple[str, dict[str, object]]) -> io.BytesIO:
    """Return an archive of files that say their names; each with properties of its own."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, properties in members:
            member = tarfile.TarInfo(name)
            for key, value in properties.items():
                setattr(member, key, value)
            content = name.encode() if member.isfile() else b""
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    stream.seek(0)
    return stream


def test_files_come_out_as_one_s_own_and_nobody_else_may_write_them(tmp_path: Path) -> None:
    unpack(packed(("a/b", {"mode": 0o4777, "uid": 4711, "gid": 4711})), tmp_path)
    file = tmp_path / "a" / "b"
    assert file.read_text() == "a/b"
    assert file.stat().st_uid == os.geteuid()
    assert file.stat().st_mode & 0o7022 == 0


def test_what_is_asked_for_by_the_beginning_of_its_name_comes_alone(tmp_path: Path) -> None:
    archive = tmp_path / "archive.tar"
    archive.write_bytes(packed(("in/one", {}), ("out/two", {}), ("in/three", {})).read())
    unpack(archive, tmp_path / "to", "in/")
    found = {path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*")}
    assert found == {"in", "in/one", "in/three"}


@pytest.mark.parametrize(
    "member",
    [
        ("../outside", {}),
        ("link", {"type": tarfile.SYMTYPE, "linkname": "../../outside"}),
        ("hard", {"type": tarfile.LNKTYPE, "linkname": "../outside"}),
        ("device", {"type": tarfile.CHRTYPE}),
    ],
    ids=lambda member: member[0],
)
def test_what_would_land_elsewhere_is_refused(
    tmp_path: Path, member: tuple[str, dict[str, object]]
) -> None:
    with pytest.raises(unpacking.tarfile.FilterError):
        unpack(packed(member), tmp_path / "to" / "folder")
    assert not (tmp_path / "to" / "outside").exists()


def test_nothing_else_unpacks_since_python_3_11_2_knows_no_filter() -> None:
    places = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for folder in ("installer", "reprospective_tray", "tests")
        for file in sorted((ROOT / folder).rglob("*.py"))
        if file != HELPER
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", "") in {"extractall", "unpack_archive"}
    ]
    assert places == []
