"""Requests for a pass and their results, as plain values that other processes can send."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """Options of a pass in addition to sending the waiting rows.

    Attributes:
        verify: Compare with the server first.
        retry_refused: Send refused rows again.
        speak_up: Notify the user if it fails, because the requester does not wait for the result.
    """

    verify: bool = False
    retry_refused: bool = False
    speak_up: bool = False

    def __or__(self, other: SyncRequest) -> SyncRequest:
        """Return the union of the two requests."""
        return SyncRequest(
            self.verify or other.verify,
            self.retry_refused or other.retry_refused,
            self.speak_up or other.speak_up,
        )


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The result of a pass.

    Attributes:
        sent: Sessions that reached the server.
        entries: Entries that reached the server.
        waiting_entries: Entries that cannot be sent before the server is upgraded.
        refused: Rows of this pass that the server refused.
        superseded: Rows of which the server had a later version.
        deleted: Rows that retention removed here.
        compared: Rows that were compared with the server's; None if not requested.
        offered_again: Rows that were missing or different there; None if not requested.
        retried: Refused rows that were sent again; None if not requested.
        error: The error; empty if it succeeded.
        remedy: The remedy for the error.
    """

    sent: int = 0
    entries: int = 0
    waiting_entries: int = 0
    refused: int = 0
    superseded: int = 0
    deleted: int = 0
    compared: int | None = None
    offered_again: int | None = None
    retried: int | None = None
    error: str = ""
    remedy: str = ""
