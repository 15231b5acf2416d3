"""CategoryWatch: follows the category rules of config.yaml while the window is open."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING

from msgspec import Struct

from reprospective_tray.messages import _
from reprospective_tray.summary.figures.categories import Categories

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.config.watch import ChangedConfig

LOOK_S = 0.5
_STOP_S = 1.0
_log = logging.getLogger(__name__)


class CategoryNews(Struct, frozen=True):
    """The new rules, None if the earlier ones stay, and what is wrong with the file, or empty."""

    categories: Categories | None
    note: str


class CategoryWatch:
    """Looks at the file in a thread of its own: who reads it waits until it is whole."""

    def __init__(self, look: Callable[[], ChangedConfig | None]) -> None:
        """Take what returns the changed settings; see `ConfigWatch.look`."""
        self._look = look
        self._news: queue.SimpleQueue[CategoryNews] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="category-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def take(self) -> CategoryNews | None:
        """Return the newest news, None if there are none; does not wait."""
        newest = None
        while not self._news.empty():
            newest = self._news.get()
        return newest

    def _run(self) -> None:
        while not self._ended.wait(LOOK_S):
            try:
                if found := self._look():
                    self._news.put(_read(found))
            except Exception:  # noqa: BLE001  the top of the thread: the earlier rules stay
                _log.exception("the category rules cannot be read again")


def _read(found: ChangedConfig) -> CategoryNews:
    if found.loaded is None:
        error = found.error
        said = f"{error} {error.remedy if error else ''}".strip()
        note = _("{error} Still using your previous settings.").format(error=said)
        return CategoryNews(None, note)
    return CategoryNews(Categories(found.loaded.config.categories), "")
