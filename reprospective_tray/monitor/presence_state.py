"""PresenceState: decides from input, locks and inhibitors what time counts as. Pure."""

from reprospective_tray.store.model.sessions import State
from reprospective_tray.system.presence import Presence

# An input that is newer than the last known one by less than this is the same one, read again.
_INPUT_JITTER_MS = 100
# A key that was still down when the screen was about to be locked is no return.
LOCK_GRACE_MS = 10_000


class PresenceState:
    """What is known about the person at the desk; times in ms on the sessions' timeline."""

    def __init__(self, idle_after_ms: int) -> None:
        """Take how long there must be no input and no inhibitor until the person counts as idle."""
        self._idle_after = idle_after_ms
        self._presence = Presence()
        self._window_holds = False
        self._idle = False
        self._last_input: int | None = None
        self._held_until: int | None = None  # when the last inhibition ended
        self._doubted_since: int | None = None  # when a lock was requested that nothing confirmed
        self._disbelieved = False

    @property
    def state(self) -> State | None:
        """What time counts as at present; None: nothing is recorded."""
        if self._presence.away:
            return None
        if self._presence.locked and not self._disbelieved:
            return State.LOCKED
        return State.IDLE if self._idle else State.ACTIVE

    @property
    def waits_for_input(self) -> bool:
        """Whether the next input changes the state by itself."""
        return self._idle or (self._doubted_since is not None and not self._disbelieved)

    @property
    def idle_at(self) -> int | None:
        """When the person becomes idle if nothing else happens; None if that is not to be asked."""
        if self._idle or self._held or self._last_input is None:
            return None
        return self._last_sign(self._last_input) + self._idle_after

    def take(self, now: int, presence: Presence) -> None:
        """Apply what the desktop reports from `now` on."""
        before, was_held = self._presence, self._held
        self._presence = presence
        if (presence.locked, presence.unconfirmed) != (before.locked, before.unconfirmed):
            self._disbelieved = False
            self._doubted_since = now if presence.locked and presence.unconfirmed else None
        self._hold(now, was_held=was_held)

    def take_window(self, now: int, *, holds: bool) -> None:
        """Apply whether the window in front, from `now` on, prevents idle time."""
        was_held, self._window_holds = self._held, holds
        self._hold(now, was_held=was_held)

    def take_input(self, now: int, idle_ms: int) -> int:
        """Apply that the last input was `idle_ms` before `now`.

        Return since when the person is idle or back, if this changes the state.

        """
        known, last_input = self._last_input, now - idle_ms
        self._last_input = last_input
        if self._doubted_since is not None and last_input > self._doubted_since + LOCK_GRACE_MS:
            self._disbelieved = True  # nothing here locks, or nothing reports the unlock
        since = now if self._held else self._last_sign(last_input)
        away = now - since >= self._idle_after
        if away:
            self._idle = True
        elif self._idle and (known is None or last_input > known + _INPUT_JITTER_MS):
            self._idle = False
        return since

    def shift(self, ms: int) -> None:
        """Follow a clock that was set by `ms`."""
        if self._last_input is not None:
            self._last_input += ms
        if self._held_until is not None:
            self._held_until += ms
        if self._doubted_since is not None:
            self._doubted_since += ms

    def forget(self) -> None:
        """Forget input and windows; what the desktop reports still applies."""
        self._window_holds = self._idle = False
        self._last_input = self._held_until = None

    @property
    def _held(self) -> bool:
        return self._presence.inhibited or self._window_holds

    def _hold(self, now: int, *, was_held: bool) -> None:
        if self._held:
            self._idle = False
        elif was_held:
            self._held_until = now

    def _last_sign(self, last_input: int) -> int:
        return last_input if self._held_until is None else max(last_input, self._held_until)
