"""FooterWords: what the foot of the window says."""

from typing import NamedTuple


class FooterWords(NamedTuple):
    """What the foot of the window says of the running instance.

    Attributes:
        is_recording: Whether it records.
        can_resume: Whether it is paused.
        state: What it does; empty where that is not known yet.
        sync: How far everything is sent; empty where sending is off.
        reason: Why it is not sent, and what to do; empty where nothing is in the way.
    """

    is_recording: bool = False
    can_resume: bool = False
    state: str = ""
    sync: str = ""
    reason: str = ""
