"""Presence: whether the person can be at the desk, as the desktop says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Presence:
    """What the desktop says at one moment."""

    locked: bool = False
    """The screen is locked, or another person's session is in front."""

    unconfirmed: int = 0
    """A lock was only asked for: the number of that request; 0 where the desktop confirms."""

    away: bool = False
    """The computer goes to sleep, or the person logs out: recording ends now."""

    inhibited: bool = False
    """A film, a call or the like holds off idle time."""
