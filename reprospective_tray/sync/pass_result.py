"""The progress and the result of a pass."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PassProgress:
    """The progress of a pass: rows done, and the total number of rows."""

    done: int
    total: int


@dataclass(slots=True)
class Passed:
    """The result of a pass.

    Attributes:
        sent: Sessions that were stored on the server, or were there already.
        entries: The same for entries.
        waiting_entries: Entries that cannot be sent before the server is upgraded.
        refused: Rows that the server refused.
        superseded: Rows with a later version on the server, which is stored here now.
        clock: The server's time in ms since the epoch, UTC.
        deleted: Rows that retention removed here.
        fitted: Whether the verdict of every answer was `PairVerdict.FITS`.
        is_whole: False if the pass was told to stop before everything was sent.
    """

    sent: int = 0
    entries: int = 0
    waiting_entries: int = 0
    refused: int = 0
    superseded: int = 0
    clock: int = 0
    deleted: int = 0
    fitted: bool = True
    is_whole: bool = True
