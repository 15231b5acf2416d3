"""A day at a desk, lived at random (seeded): locks, sleep, pauses, films, clock changes."""

import random
from collections.abc import Sequence

from reprospective_tray.monitor.timeline import FOLLOWED_STEP_MS
from tests.unit.recording import Desk

MINUTE = 60_000
HOUR = 60 * MINUTE
STATES = ("active", "idle", "locked")
DEEDS = ("work", "lock", "sleep", "stall", "pause", "rest", "film", "set_clock")


class Day:
    """Lives 24 hours at `desk`; `truth` is how long each state lasted, in ms.

    The clock is set by `steps` now and then; what of it is followed makes the session longer.
    """

    def __init__(self, desk: Desk, seed: int, steps: Sequence[int] = ()) -> None:
        self.truth = dict.fromkeys((*STATES, "gap", "followed"), 0)
        self._desk = desk
        self._chance = random.Random(seed)  # noqa: S311  a day that repeats
        self._steps = steps
        self._live()

    def _live(self) -> None:
        end = self._desk.steady + 24 * HOUR
        self.work(MINUTE)
        while (left := end - self._desk.steady) > 20 * MINUTE:
            deed = getattr(self, self._chance.choice(DEEDS))
            deed(self._chance.randrange(1, min(left - 10 * MINUTE, HOUR)))
            self._desk.input()
            self._desk.tick()
            self.work(MINUTE)
        self._pass("active", left)
        self._desk.stop()

    def _pass(self, state: str, ms: int, *, present: bool = True) -> None:
        self._desk.run(ms, present=present)
        self.truth[state] += ms

    def _skip(self, ms: int) -> None:
        self._desk.skip(ms)
        self.truth["gap"] += ms

    def work(self, ms: int) -> None:
        self._desk.see(f"application {self._chance.randrange(5)}")
        self._pass("active", ms)

    def lock(self, ms: int) -> None:
        self._desk.say(locked=True)
        self._pass("locked", ms, present=self._chance.random() < 0.5)
        self._desk.input()
        self._desk.say(locked=False)

    def sleep(self, ms: int) -> None:
        self._desk.say(away=True)
        self._skip(ms)
        self._desk.say(away=False)

    def stall(self, ms: int) -> None:
        """Sleep of which nothing tells but the clocks."""
        self._desk.tick()
        self._skip(ms + 2 * MINUTE)
        self._desk.tick()

    def pause(self, ms: int) -> None:
        self._desk.stop()
        self._skip(ms)

    def rest(self, ms: int) -> None:
        self._pass("idle", ms + 5 * MINUTE, present=False)

    def film(self, ms: int) -> None:
        self._desk.say(inhibited=True)
        self._pass("active", ms, present=False)
        self._desk.input()
        self._desk.say(inhibited=False)

    def set_clock(self, _ms: int) -> None:
        if not self._steps:
            return
        step = self._chance.choice(self._steps)
        self._desk.tick()
        held = self._desk.sessionizer.now - self._desk.wall  # the timeline waits for the clock
        self._desk.wall += step
        if 0 < (ahead := step - held) <= FOLLOWED_STEP_MS:
            self.truth["active"] += ahead
            self.truth["followed"] += ahead
