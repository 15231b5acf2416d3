"""ConfigWatch: notices a change of config.yaml and reads it once it is written whole."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.config import loading
from reprospective_tray.errors import ConfigError

if TYPE_CHECKING:
    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.system.paths import Paths

# Editors write in steps, some by way of an empty file: what has stayed as it is for so long is
# whole.
SETTLED_S = 0.3

_Signature = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class ChangedConfig:
    """What a changed file says: the settings, or why they cannot be used."""

    loaded: LoadedConfig | None
    error: ConfigError | None = None


class ConfigWatch:
    """Looks at the file now and then; of one thread."""

    def __init__(self, loaded: LoadedConfig, paths: Paths) -> None:
        """Take the settings in force. Where they are of no file, the person's own may come yet."""
        self._paths = paths
        self._file = loaded.file or paths.config_file
        self._explicit = None if self._file == paths.config_file else self._file
        self._seen = self._signature()
        self._was_missing = False

    def look(self) -> ChangedConfig | None:
        """Return what the file says where it is another than at the last look.

        A file that is missing is so for two looks: an editor may be about to replace it.
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
