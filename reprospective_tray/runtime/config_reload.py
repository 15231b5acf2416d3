"""ConfigReload: applies changes of config.yaml, or says why it cannot."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from reprospective_tray.config.watch import ConfigWatch
from reprospective_tray.errors import StoreError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.errors import ReprospectiveError
    from reprospective_tray.runtime.components import Components, Hearers
    from reprospective_tray.system.paths import Paths

log = logging.getLogger(__name__)


class ConfigReload:
    """Checks the file regularly; for one thread, except `problem`."""

    def __init__(self, components: Components, paths: Paths, hearers: Hearers) -> None:
        """Take the parts that settings are applied to, and who is told."""
        self._components, self._hearers = components, hearers
        self._watch = ConfigWatch(components.loaded, paths)
        self.problem = ""
        """Why the present file cannot be used; empty if it can."""

    def look(self) -> None:
        """Apply what has changed since the last look."""
        with self._components.forgetting.put_off() as is_put_off:
            # A deletion in progress needs the current recorder.
            if is_put_off:
                self._look()

    def _look(self) -> None:
        found = self._watch.look()
        if found is None:
            return
        notifies = self._components.loaded.config.notifications.settings
        error = found.error if found.loaded is None else self._change(found.loaded)
        if error or found.loaded is None:
            said = f"{error} {error.remedy if error else ''}".strip()
            self.problem = _("{error} Still using your previous settings.").format(error=said)
            log.warning("%s", self.problem)
            if notifies:
                self._hearers.notify(self.problem)
        else:
            is_mended, self.problem = bool(self.problem), ""
            log.info("the changed settings have been applied")
            if is_mended and notifies:
                self._hearers.notify(_("The settings are valid again and have been applied."))
        self._hearers.tell_icon()

    def _change(self, loaded: LoadedConfig) -> ReprospectiveError | None:
        """Apply the settings; return why that is not possible."""
        try:
            self._components.change(loaded)
        except StoreError as error:
            return error
        return None
