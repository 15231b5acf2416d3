"""What a pass is asked for, and how it ended; plain values that other processes can send."""

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
    """What is asked for besides sending what waits.

    Attributes:
        verify: Compare with the server first.
        retry_refused: Offer again what was refused.
        speak_up: Tell the person if it fails: nobody else follows it to its end.
    """

    verify: bool = False
    retry_refused: bool = False
    speak_up: bool = False

    def __or__(self, other: SyncRequest) -> SyncRequest:
        """Return all that the two ask for."""
        return SyncRequest(
            self.verify or other.verify,
            self.retry_refused or other.retry_refused,
            self.speak_up or other.speak_up,
        )


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How a pass ended.

    Attributes:
        sent: Rows that reached the server.
        refused: Rows of this pass that the server refused.
        superseded: Rows of which the server had a later version.
        deleted: Rows that retention took here.
        compared: Rows that were compared with the server's; None where nobody asked.
        offered_again: Rows that were missing there, or others; None likewise.
        retried: Refused rows that were offered again; None likewise.
        error: What it failed of; empty when it did not.
        remedy: What to do about that.
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
    """Do one pass with all that is wished for.

    Args:
        manager: Who does it.
        wish: What is wished for.
        cancel: Ends it early when it is set.
        progress: Called with the step, ``verify`` or ``send``, and how far it is.

    Returns:
        What was done; with an error where `cancel` came before everything was.

    Raises:
        ReprospectiveError: as `DatabaseSyncManager.run`.
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
        else _("The program ended before everything was sent."),
    )
