"""Reads the server password from the desktop's keyring.

Order of sources: `password` in the config; libpq's own (PGPASSWORD, .pgpass, a service file); the
keyring. The keyring is imported and asked only after libpq reported that no password was supplied.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from reprospective_tray import NAME

if TYPE_CHECKING:
    from reprospective_tray.store.postgres.connection.address import ServerAddress

SERVICE = NAME

_asking = threading.Lock()
_open: _KeyringRequest | None = None


def none_supplied(error: Exception) -> bool:
    """Return whether a log-in failed because no password was supplied, not a wrong one."""
    return "fe_sendauth:" in str(error)  # libpq has no code for it and translates the rest


def from_keyring(address: ServerAddress, seconds: float) -> str | None:
    """Return the keyring's password for ``user@host``, or None.

    A locked keyring may show a dialog for an unlimited time. A process has at most one open
    request; further callers wait for it instead of making their own.

    Raises:
        TimeoutError: no answer within `seconds`; the request stays open.
    """
    global _open  # noqa: PLW0603  one keyring for the whole process
    ends_at = time.monotonic() + seconds
    login = address.login()
    while True:
        with _asking:
            if _open is None or _open.answered.is_set():
                _open = _KeyringRequest(login)
            question = _open
        if not question.answered.wait(max(0.0, ends_at - time.monotonic())):
            raise TimeoutError
        if question.login == login:
            return question.password


class _KeyringRequest:
    """One request to the keyring, in its own thread because it may show a dialog."""

    def __init__(self, login: str) -> None:
        self.login = login
        self.password: str | None = None
        self.answered = threading.Event()
        threading.Thread(target=self._ask, name="keyring", daemon=True).start()

    def _ask(self) -> None:
        try:
            import keyring

            self.password = keyring.get_password(SERVICE, self.login)
        except Exception:  # noqa: BLE001, S110  not installed, no backend, or one that raises its own
            pass
        finally:
            self.answered.set()
