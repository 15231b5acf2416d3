"""The search for marked words finds them in whatever a file holds."""

from pathlib import Path

import pytest

from tests.marks import marks, marks_below


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-16"])
def test_a_word_is_found_in_every_encoding_amid_other_bytes(encoding: str) -> None:
    raw = b"\xff\x00\x01" + "Pay QZXsalary 4711".encode(encoding) + b"\x00\xfe"
    assert marks(raw) == {"qzxsalary"}


def test_every_file_of_every_folder_is_searched_and_its_name_too(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    inside, named = tmp_path / "deep" / "deeper" / "file.db-wal", tmp_path / "qzxname.txt"
    inside.write_bytes(b"\0\0qzxword\0")
    named.write_bytes(b"nothing")
    assert marks_below(tmp_path) == {"qzxword": {inside}, "qzxname": {named}}
