"""Components: the parts built from the current configuration.

When the settings change, they are replaced part by part while the program runs on.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprospective_tray.messages import set_language
from reprospective_tray.monitor.desktop_monitor import DesktopActivityMonitor
from reprospective_tray.monitor.probes import open_probe
from reprospective_tray.runtime.factories import (
    make_filter,
    make_means,
    make_passing_reader,
    make_recorder,
    make_recording_lock,
    make_rules,
)
from reprospective_tray.runtime.forget_service import ForgetService
from reprospective_tray.runtime.sync_controller import CurrentIdentity, NotSending, Sending

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.monitor.desktop_monitor import MonitorState
    from reprospective_tray.store.engine.adapter import DatabaseAdapter
    from reprospective_tray.store.sqlite.recording_lock import RecordingLock
    from reprospective_tray.system.paths import Paths
    from reprospective_tray.system.presence import Presence
    from reprospective_tray.system.supervisor import Supervisor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hearers:
    """The callbacks for events; none of them waits.

    Attributes:
        on_change: Receives the monitor's state, in its thread.
        on_damage: Receives where a damaged database was moved.
        on_loss: Receives what was lost, a sentence; returns when it can have been seen.
        tell_icon: Called when the status has changed.
        notify: Shows the person a sentence.
    """

    on_change: Callable[[MonitorState], None]
    on_damage: Callable[[Path], None]
    on_loss: Callable[[str], None]
    tell_icon: Callable[[], None]
    notify: Callable[[str], None]


class Components:
    """The current parts; `change` is for one thread at a time, the rest for any.

    Attributes:
        loaded: The settings.
        monitor: Records.
        reader: Reads the recorded database, for a quick look.
        forgetting: Forgets what other processes ask for.
        sending: Sends to the server, or does not.
    """

    def __init__(
        self,
        loaded: LoadedConfig,
        paths: Paths,
        supervisor: Supervisor,
        hearers: Hearers,
        ended: threading.Event,
    ) -> None:
        """Build the parts; nothing runs yet. `ended` is set once the program ends."""
        self._paths, self._supervisor, self._hearers, self._ended = (
            paths,
            supervisor,
            hearers,
            ended,
        )
        self._presence: Presence | None = None
        # Held while the monitor is replaced, and by who tells it what must not get lost.
        self._exchanging = threading.Lock()
        self.loaded = loaded
        self._file_lock: RecordingLock | None = None
        self.reader: DatabaseAdapter = make_passing_reader(loaded, paths)
        self.monitor = self._make_monitor(loaded)
        self.forgetting = ForgetService(lambda: self.monitor, ended)
        self.sending = self._make_sending(loaded)

    def take_presence(self, presence: Presence) -> threading.Event:
        """Pass on what the desktop reports; the event is set once that is recorded."""
        with self._exchanging:
            self._presence = presence
            return self.monitor.take_presence(presence)

    def pause(self, until: int | None) -> None:
        """Record nothing until `until` (ms), or until `resume`; does not wait."""
        with self._exchanging:
            self.monitor.pause(until)

    def resume(self) -> None:
        """Resume recording; does not wait."""
        with self._exchanging:
            self.monitor.resume()

    def start_recording(self, *, paused: bool, paused_until: int | None) -> None:
        """Start recording, paused or not; after `end` nothing starts any more."""
        with self._exchanging:
            if not self._ended.is_set():
                self.monitor.start(paused=paused, paused_until=paused_until)

    def start_sending(self) -> None:
        """Start sending; after `end` nothing starts any more."""
        with self._exchanging:
            if not self._ended.is_set():
                self.sending.start()

    def end(self, seconds: float) -> None:
        """Prevent further starts, end the open session, then recording, within `seconds`."""
        with self._exchanging:
            self._ended.set()
            monitor = self.monitor
        monitor.stop(seconds)

    def stop_sending(self, seconds: float) -> None:
        """Send what is still waiting, within `seconds` at most; after `end`."""
        self.sending.stop(seconds)

    def lock_file(self) -> None:
        """Prevent others from recording to the same file, until `release_file`.

        Raises:
            StoreError: another process does so already.
        """
        self._lock_file(self.loaded)

    def release_file(self) -> None:
        """Let others record to the file; recording must have ended."""
        if self._file_lock:
            self._file_lock.release()

    def _lock_file(self, loaded: LoadedConfig) -> None:
        lock, held = make_recording_lock(loaded, self._paths), self._file_lock
        if lock and held and lock.database == held.database:
            return
        if lock:
            lock.acquire()
        self._file_lock = lock

    def change(self, loaded: LoadedConfig) -> None:
        """Apply these settings: the parts that depend on changed ones end and start again.

        Raises:
            StoreError: another process records to the file that they name; nothing has changed.
        """
        before, now = self.loaded.config, loaded.config
        held = self._file_lock
        self._lock_file(loaded)
        set_language(now.language)
        others = before.database != now.database
        ways = (before.monitor, before.privacy) != (now.monitor, now.privacy)
        sends_otherwise = others or before.notifications.sync != now.notifications.sync
        monitor, sending = self._make_monitor(loaded), self._make_sending(loaded)
        if sends_otherwise:
            self.sending.halt()
            self.sending.let_go()
        self.loaded = loaded
        if others or ways:
            # The sessions of the two follow each other; a pause continues.
            self.monitor.stop()
            if held and held is not self._file_lock:
                held.release()
            self.reader = make_passing_reader(loaded, self._paths)
            with self._exchanging:
                if self._ended.is_set():
                    return
                was, self.monitor = self.monitor.state, monitor
                if self._presence:
                    # A screen that was locked before still is.
                    monitor.take_presence(self._presence)
                monitor.start(paused=was.paused, paused_until=was.paused_until)
            if others:
                log.info("the database is now %s", self.reader.place)
        if sends_otherwise:
            with self._exchanging:
                if self._ended.is_set():
                    return
                self.sending = sending
                sending.start()

    def _make_monitor(self, loaded: LoadedConfig) -> DesktopActivityMonitor:
        monitor = loaded.config.monitor
        return DesktopActivityMonitor(
            make_recorder(
                loaded,
                self._paths,
                self._hearers.on_damage,
                self._hearers.on_loss,
                self._supervisor,
            ),
            make_rules(loaded),
            make_filter(loaded),
            lambda: open_probe(monitor.poll_interval, monitor.probe),
            self._hearers.on_change,
            supervisor=self._supervisor,
        )

    def _make_sending(self, loaded: LoadedConfig) -> NotSending:
        if not loaded.config.database.sync.enabled:
            return NotSending()
        means = make_means(loaded, self._paths, CurrentIdentity(lambda: self.monitor))
        hearers = self._hearers
        return Sending(
            loaded,
            self._paths,
            means,
            hearers.tell_icon,
            hearers.notify,
            supervisor=self._supervisor,
        )
