"""The local file, for tests that run on either database."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.contract import FilePlace, FreshAdapter
from tests.unit import stored

if sys.platform != "linux":
    # Of X11 and of D-Bus, whose packages are installed on Linux alone.
    collect_ignore = ["test_presence_watchers.py", "test_probe_parts.py"]


@pytest.fixture(scope="module")
def fresh_adapter() -> FreshAdapter:
    """What opens an empty database, with a connection for this thread."""
    return stored.fresh_adapter


@pytest.fixture
def place(tmp_path: Path) -> FilePlace:
    """An empty database."""
    return FilePlace(tmp_path / "x.db")


@pytest.fixture(scope="module")
def new_place() -> Callable[[], AbstractContextManager[FilePlace]]:
    """What makes an empty database, for tests that need many."""

    @contextmanager
    def make() -> Iterator[FilePlace]:
        with tempfile.TemporaryDirectory() as folder:
            yield FilePlace(Path(folder) / "x.db", durable=False)

    return make
