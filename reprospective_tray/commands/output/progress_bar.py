"""A progress bar on stderr, shown only on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from reprospective_tray.messages import _
from reprospective_tray.store.transfer.importers.import_batch import Phase

if TYPE_CHECKING:
    from types import TracebackType


class Progress:
    """Shows the progress of each step of some work; shows nothing if stderr is no terminal."""

    def __init__(self, unit: str) -> None:
        """Show nothing yet; `unit` is what is counted, written after the figure."""
        self._unit = unit
        self._step = ""

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the cursor on a line of its own."""
        self._end()

    def show(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` of the named step are finished; both may grow."""
        if step != self._step:
            from tqdm import tqdm

            self._end()
            self._step = step
            is_shown = sys.stderr.isatty()
            self._bar = tqdm(
                total=total,
                desc=step,
                unit=self._unit,
                unit_scale=True,
                # Bypasses the cleaning of printed text: it moves the cursor.
                file=sys.__stderr__ if is_shown else None,
                disable=not is_shown,
            )
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def _end(self) -> None:
        if self._step:
            self._bar.close()


class ImportProgress(Progress):
    """Shows the progress of an import, in bytes."""

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__("B")

    def phase(self, now: Phase, done: int, total: int) -> None:
        """Show that `done` of `total` bytes of the phase `now` are finished."""
        words = {Phase.CHECKING: _("Checking"), Phase.WRITING: _("Storing")}
        self.show(words[now], done, total)
