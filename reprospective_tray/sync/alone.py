"""Alone: changes which device a file is where nobody records into it."""

from collections.abc import Callable

from reprospective_tray.store import identity
from reprospective_tray.store.adapter import SqliteAdapter


class Alone:
    """The `Identity` of a pass without a recording thread."""

    def __init__(self, open_adapter: Callable[[], SqliteAdapter]) -> None:
        """Take how the file is reached."""
        self._open_adapter = open_adapter

    def become_another_device(self) -> None:
        """Give the file, and what a crash may have left open, a new identity."""
        adapter = self._open_adapter()
        adapter.open()
        with adapter.connection():
            identity.become_another_device(adapter)

    def rename_open_session(self) -> None:
        """Give what a crash may have left open a new uid."""
        adapter = self._open_adapter()
        adapter.open()
        with adapter.connection():
            identity.rename_open_session(adapter)
