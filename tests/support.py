"""What tests, desktop tests and the benchmark share."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installer.processes import wait_until
from reprospective_tray.system.paths import NAME, Paths

__all__ = ["PATIENCE_S", "User", "fresh_user", "others_can_read_the_code", "wait_until"]

# How long an event is awaited before it is said not to come; nothing is measured by it.
PATIENCE_S = 60.0

# Debian 12's python3-gi has an importer of a kind that Python 3.12 does without.
OLD_IMPORTER = "ignore:DynamicImporter:ImportWarning"


def others_can_read_the_code() -> bool:
    """Say whether another user may run this checkout; root's home, for one, is closed."""
    folders = Path(__file__).resolve().parents
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in folders)


@dataclass(frozen=True, slots=True)
class User:
    """A person with an empty home of their own."""

    folder: Path
    """A short path, since sockets lie below it."""

    env: dict[str, str]
    """HOME, LANG and the XDG folders: lay it over a desktop's, or over the machine's."""

    paths: Paths
    """The program's folders in it."""

    @property
    def database(self) -> Path:
        """The local file where the default config puts it."""
        return self.paths.data / "data" / "local_cache.db"

    def write_config(self, text: str) -> Path:
        """Put a config.yaml where the program looks for it."""
        self.paths.config.mkdir(parents=True, exist_ok=True)
        self.paths.config_file.write_text(text, "utf-8")
        return self.paths.config_file


@contextmanager
def fresh_user() -> Iterator[User]:
    """Make a person, and take everything of theirs away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    home = folder / "home"
    config, data = home / ".config", home / ".local" / "share"
    state, cache, run = home / ".local" / "state", home / ".cache", folder / "run"
    for made in (config, data, state, cache, run):
        made.mkdir(mode=0o700, parents=True)
    env = {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "XDG_CONFIG_HOME": str(config),
        "XDG_DATA_HOME": str(data),
        "XDG_STATE_HOME": str(state),
        "XDG_CACHE_HOME": str(cache),
        "XDG_RUNTIME_DIR": str(run),
    }
    paths = Paths(
        config=config / NAME, data=data / NAME, state=state / NAME, log=state / NAME / "log"
    )
    try:
        yield User(folder, env, paths)
    finally:
        shutil.rmtree(folder)
