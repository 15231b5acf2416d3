"""Requests for a pass and their results, as plain values that other processes can send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.messages import _

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from reprospective_tray.sync.manager import DatabaseSyncManager
    from reprospective_tray.sync.sync_pass import PassProgress


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
        sent: Rows that reached the server.
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
    refused: int = 0
    superseded: int = 0
    deleted: int = 0
    compared: int | None = None
    offered_again: int | None = None
    retried: int | None = None
    error: str = ""
    remedy: str = ""


def carry_out(
    manager: DatabaseSyncManager,
    wish: SyncRequest,
    cancel: threading.Event,
    progress: Callable[[str, PassProgress], None],
) -> SyncResult:
    """Run one pass with the requested options.

    Args:
        manager: Runs the pass.
        wish: The request.
        cancel: Ends the pass early when it is set.
        progress: Called with the step, ``verify`` or ``send``, and its progress.

    Returns:
        The result; with an error if `cancel` ended the pass before everything was done.

    Raises:
        ReprospectiveError: as for `DatabaseSyncManager.run`.
    """
    retried = manager.retry_refused() if wish.retry_refused else None
    verified = None
    if wish.verify:
        verified = manager.verify(cancel, lambda now: progress("verify", now))
    is_compared = not (wish.verify and cancel.is_set())
    passed = manager.run(cancel, lambda now: progress("send", now))
    return SyncResult(
        passed.sent,
        passed.refused,
        passed.superseded,
        passed.deleted,
        verified.compared if verified else None,
        verified.offered_again if verified else None,
        retried,
        error=""
        if is_compared and passed.is_whole
        else _("The program quit before everything was sent."),
    )
