"""OfflineIdentity: changes a file's device id while nothing is recording into it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reprospective_tray.errors import AlreadyRunningError, StoreError
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.messages import _
from reprospective_tray.store.outbox import device_change
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.recording_lock import RecordingLock


class OfflineIdentity:
    """The `Identity` of a pass without a recording thread."""

    def __init__(self, open_adapter: Callable[[], SqliteAdapter], instance: InstanceLock) -> None:
        """Take a function that opens the file, and the lock held by a recording instance."""
        self._open_adapter = open_adapter
        self._instance = instance

    def become_another_device(self) -> None:
        """Give the file, and a session left open by a crash, a new identity.

        Raises:
            StoreError: recording has begun meanwhile; the recording thread must do it.
        """
        with self._nobody_records() as adapter:
            device_change.become_another_device(adapter)

    def leave_open_session(self) -> None:
        """Close a session left open by a crash.

        Raises:
            StoreError: as for `become_another_device`.
        """
        with self._nobody_records() as adapter:
            SessionWriter(adapter, source_host="").recover()

    @contextmanager
    def _nobody_records(self) -> Iterator[SqliteAdapter]:
        try:
            self._instance.acquire()
        except AlreadyRunningError as error:
            raise StoreError(
                _("Recording began while the sessions were being sent."), _("Try again.")
            ) from error
        adapter = self._open_adapter()
        # An instance with another state folder may record into the same file.
        file = RecordingLock(adapter.path)
        try:
            file.acquire()
            adapter.open()
            with adapter.connection():
                yield adapter
        finally:
            file.release()
            self._instance.release()
