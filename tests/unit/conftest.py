"""The local file, for tests that run on either database."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from installer.build_catalogues import compile_catalogue
from reprospective_tray import messages
from tests.contract import FilePlace, FreshAdapter
from tests.small_disk import small_disk as mounted_disk
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


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/St_Johns"])
def each_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock on the wall of several places."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    with mounted_disk(tmp_path / "disk", 8192) as folder:
        yield folder


@pytest.fixture
def japanese(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Japanese by the catalogue as it is now: what an earlier build compiled may be stale."""
    here = Path(messages.__file__)
    shutil.copytree(here.with_name("locale"), tmp_path / "locale")
    for source in tmp_path.rglob("*.po"):
        compile_catalogue(source)
    monkeypatch.setattr(messages, "__file__", str(tmp_path / here.name))
    monkeypatch.setattr(messages, "_current", messages._current)
    messages.set_language("ja")
