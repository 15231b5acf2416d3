"""The address of the session bus."""

import os
from pathlib import Path

SESSION_ADDRESS = "DBUS_SESSION_BUS_ADDRESS"
NO_BUS = "disabled:"


def session_address() -> str | None:
    """Return the session bus address from the environment; None if there is none."""
    if named := os.environ.get(SESSION_ADDRESS):
        return None if named == NO_BUS else named
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and (bus := Path(runtime, "bus")).exists():
        return f"unix:path={bus}"
    return None
