"""The password where neither the config nor libpq has one: the keyring of the desktop.

The order: `password` of the config; libpq's own ways (PGPASSWORD, .pgpass, a service file); the
keyring, which is asked when libpq has said that none was supplied, and is loaded only then.
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
_open: _Question | None = None


def none_supplied(error: Exception) -> bool:
    """Say whether a failed log-in lacked a password; a wrong one is something else."""
    return "fe_sendauth:" in str(error)  # libpq has no code for it, and translates what follows


def from_keyring(address: ServerAddress, seconds: float) -> str | None:
    """Return the password that the keyring has for ``user@host``, if it has one.

    A keyring that is locked may ask the person first, as long as they like. One question is open
    at a time in this process: who comes while it is waits for it, and asks nothing of its own.

    Raises:
        TimeoutError: no answer within `seconds`; the question stays open.
    """
    global _open  # noqa: PLW0603  the keyring is one for the process
    ends_at = time.monotonic() + seconds
    login = address.login()
    while True:
        with _asking:
            if _open is None or _open.answered.is_set():
                _open = _Question(login)
            question = _open
        if not question.answered.wait(max(0.0, ends_at - time.monotonic())):
            raise TimeoutError
        if question.login == login:
            return question.password


class _Question:
    """One question to the keyring, in a thread of its own: each may be a dialog."""

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
