"""The summary window that measures itself: when the first figures were painted, and changes of day.

It is started as the command `summary` is, and prints one line: the instant of the first figures
(ns since the epoch), and the ms from a key to the painted day of each change, as JSON.
"""

import json
import sys
import time
from typing import Any

from reprospective_tray import cli
from reprospective_tray.summary.window import summary_window

CHANGES = 20
# Somebody looks at a day for that long at least.
LOOK_MS = 300


class MeasuringWindow(summary_window.SummaryWindow):
    """The window, and a clock beside it."""

    first_ns = 0
    asked_ns = 0
    changes_ms: tuple[float, ...] = ()

    def _paint(self, loaded: Any) -> None:
        super()._paint(loaded)
        if loaded.view is None or loaded.wish != self.position.wish:
            return
        # Drawn, and at the X server.
        self._root.update_idletasks()
        self._root.winfo_pointerx()
        now = time.time_ns()
        if not self.first_ns:
            self.first_ns = now
        elif self.asked_ns:
            self.changes_ms += ((now - self.asked_ns) / 1e6,)
            self.asked_ns = 0
        if not loaded.goes_on and not self.asked_ns:
            self._root.after(LOOK_MS, self._change)

    def _change(self) -> None:
        if len(self.changes_ms) >= CHANGES:
            print(json.dumps([self.first_ns, self.changes_ms]), flush=True)
            self.close()
        elif not self.asked_ns:
            self.asked_ns = time.time_ns()
            self.earlier()


def main() -> int:
    """Show it."""
    summary_window.SummaryWindow = MeasuringWindow  # type: ignore[misc]  # its place in show()
    return cli.main(["summary", *sys.argv[1:]])


if __name__ == "__main__":
    raise SystemExit(main())
