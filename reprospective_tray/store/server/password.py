"""The password where neither the config nor libpq has one: the keyring of the desktop.

The order: `password` of the config; libpq's own ways (PGPASSWORD, .pgpass, a service file); the
keyring, which is asked when libpq has said that none was supplied, and is loaded only then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprospective_tray.store.server.address import ServerAddress

SERVICE = "reprospective-tray"


def none_supplied(error: Exception) -> bool:
    """Say whether a failed log-in lacked a password; a wrong one is something else."""
    return "fe_sendauth:" in str(error)  # libpq has no code for it, and translates what follows


def from_keyring(address: ServerAddress) -> str | None:
    """Return the password that the keyring has for ``user@host``, if it has one.

    A keyring that is locked may ask the person first; this returns when they are done.
    """
    try:
        import keyring

        return keyring.get_password(SERVICE, address.login())
    except Exception:  # noqa: BLE001  not installed, no backend, or a backend that raises its own
        return None
