"""Presence: the desktop's information on whether the user can be at the computer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Presence:
    """The desktop's state at one moment."""

    locked: bool = False
    """The screen is locked, or another user's session is in the foreground."""

    unconfirmed: int = 0
    """The number of a lock request that is not confirmed yet; 0 if the desktop confirms locks."""

    away: bool = False
    """The computer is going to sleep or the user is logging out, so recording ends now."""

    inhibited: bool = False
    """A program, such as a video player or a call, inhibits idle time."""
