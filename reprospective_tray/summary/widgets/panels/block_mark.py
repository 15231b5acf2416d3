"""BlockMark: the block of the timeline that the keys have come to."""

import tkinter as tk
from collections.abc import Callable, Sequence

from reprospective_tray.summary.figures import strip_walk
from reprospective_tray.summary.figures.timeline import HOUR_MS, Block, Strip

# With nothing marked, these begin at the end of what is in view.
_BACKWARDS = {"<Left>", "<Prior>", "<End>"}
Steps = Callable[[Sequence[Block], Block], Block]


class BlockMark:
    """Goes from block to block by the arrow keys, Home and End, and by hours by the page keys."""

    def __init__(
        self,
        panel: tk.Misc,
        shown: Callable[[], tuple[Strip, tuple[float, float]]],
        come_to: Callable[[Block], object],
    ) -> None:
        """Bind the keys of `panel`.

        Args:
            panel: What has the keyboard.
            shown: Returns the strip, and what of it is in view.
            come_to: Takes the block that a key has led to.
        """
        self._shown, self._come_to = shown, come_to
        self._marked: Block | None = None
        keys: dict[str, Steps] = {
            "<Left>": lambda blocks, marked: strip_walk.by_blocks(blocks, marked, -1),
            "<Right>": lambda blocks, marked: strip_walk.by_blocks(blocks, marked, 1),
            "<Home>": lambda blocks, marked: strip_walk.by_blocks(blocks, marked, -len(blocks)),
            "<End>": lambda blocks, marked: strip_walk.by_blocks(blocks, marked, len(blocks)),
            "<Prior>": lambda blocks, marked: strip_walk.by_time(blocks, marked, -HOUR_MS),
            "<Next>": lambda blocks, marked: strip_walk.by_time(blocks, marked, HOUR_MS),
            "<Up>": lambda blocks, marked: strip_walk.by_lanes(blocks, marked, -1),
            "<Down>": lambda blocks, marked: strip_walk.by_lanes(blocks, marked, 1),
        }
        for key, steps in keys.items():
            panel.bind(key, self._walking(steps, begins_at_end=key in _BACKWARDS))

    @property
    def block(self) -> Block | None:
        """The marked block as it is now; None where there is none."""
        return strip_walk.known(self._shown()[0].blocks, self._marked)

    def _walking(self, steps: Steps, *, begins_at_end: bool) -> Callable[[object], str]:
        def walk(_event: object) -> str:
            strip, view = self._shown()
            marked = self.block
            if marked is not None:
                marked = steps(strip.blocks, marked)
            else:
                marked = strip_walk.entered(strip.blocks, view, at_end=begins_at_end)
            self._marked = marked
            if marked is not None:
                self._come_to(marked)
            return "break"

        return walk
