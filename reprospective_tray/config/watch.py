"""ConfigWatch: detects changes of config.yaml and reads it once it is completely written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.config import loading
from reprospective_tray.errors import ConfigError

if TYPE_CHECKING:
    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.system.paths import Paths

# Editors write in steps, some with an empty file in between. A file that is unchanged for this
# long is complete.
SETTLED_S = 0.3

_Signature = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class ChangedConfig:
    """The new settings of a changed file, or the error that makes them unusable."""

    loaded: LoadedConfig | None
    error: ConfigError | None = None


class ConfigWatch:
    """Checks the file when `look` is called; for one thread only."""

    def __init__(self, loaded: LoadedConfig, paths: Paths) -> None:
        """Take the current settings; if they have no file, watch for the user's own to appear."""
        self._paths = paths
        self._file = loaded.file or paths.config_file
        self._explicit = None if self._file == paths.config_file else self._file
        self._seen = self._signature()
        self._was_missing = False

    def look(self) -> ChangedConfig | None:
        """Return the new content if the file has changed since the last call; otherwise None.

        A missing file counts only at the second call, because an editor may be replacing it.
        """
        signature = self._signature()
        if signature == self._seen:
            self._was_missing = False
            return None
        if signature is None and not self._was_missing:
            self._was_missing = True
            return None
        time.sleep(SETTLED_S)
        if self._signature() != signature:
            return None
        self._was_missing = False
        self._seen = signature
        try:
            return ChangedConfig(loading.load(self._explicit, self._paths))
        except ConfigError as error:
            return ChangedConfig(None, error)

    def _signature(self) -> _Signature:
        try:
            there = self._file.stat()
        except OSError:
            return None
        return there.st_mtime_ns, there.st_size, there.st_ino
