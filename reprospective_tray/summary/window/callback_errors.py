"""What a window does with errors of its callbacks: it logs them, shows them and goes on."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _
from reprospective_tray.summary.format_text import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# The same error of a callback that is called again and again is logged once in this time.
REPEAT_SECONDS = 60.0
_CHARACTERS = 300
_log = logging.getLogger(__name__)


class CallbackErrors:
    """Logs what callbacks of a window raise, and shows it; no callback is kept from running."""

    def __init__(self, root: Any, say: Callable[[str], object]) -> None:
        """Take the errors of all callbacks of `root`; `say` shows a sentence in the window."""
        self._root, self._say = root, say
        self._logged: dict[str, float] = {}
        root.report_callback_exception = self._report

    def _report(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            self._root.quit()  # Ctrl+C in the terminal
            return
        if not self._is_there():
            _log.debug("a callback of a closed window failed: %s", error)
            return
        what = f"{kind.__name__}: {error}"
        now = time.monotonic()
        if now - self._logged.get(what, -REPEAT_SECONDS) >= REPEAT_SECONDS:
            self._logged[what] = now
            _log.error("a callback of the window failed", exc_info=(kind, error, trace))
        if isinstance(error, ReprospectiveError):
            sentence = f"{error} {error.remedy}".strip()
        else:
            sentence = _("Internal error: {error}. See the log for details.").format(error=what)
        try:
            self._say(printable(sentence)[:_CHARACTERS])
        except Exception:  # noqa: BLE001  what shows it may be what has failed
            _log.exception("the error could not be shown in the window")

    def _is_there(self) -> bool:
        try:
            return bool(self._root.winfo_exists())
        except Exception:  # noqa: BLE001  Tk's own error, which a program without Tk has not
            return False
