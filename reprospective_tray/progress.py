"""A progress bar on stderr, where a person looks at it."""

import sys
from types import TracebackType
from typing import Self

from reprospective_tray.messages import _
from reprospective_tray.store.importers.jsonl import Phase


class Progress:
    """Shows how far each phase of an import is; shows nothing where stderr is no terminal."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._phase: Phase | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the cursor on a line of its own."""
        self._end()

    def show(self, phase: Phase, done: int, total: int) -> None:
        """Show that `done` of `total` bytes are through `phase`."""
        if phase is not self._phase:
            from tqdm import tqdm

            self._end()
            self._phase = phase
            words = {Phase.CHECKING: _("Checking"), Phase.WRITING: _("Writing")}
            self._bar = tqdm(
                total=total,
                desc=words[phase],
                unit="B",
                unit_scale=True,
                disable=not sys.stderr.isatty(),
            )
        self._bar.update(done - self._bar.n)

    def _end(self) -> None:
        if self._phase is not None:
            self._bar.close()
