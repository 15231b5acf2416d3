"""Creates each part from the configuration, for the running program and for commands.

Each function imports only what it creates: looking at a day does not wait for recording's rules.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from reprospective_tray.config.keys import DatabaseSettings, Remote
from reprospective_tray.store.sqlite.adapter import SqliteAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reprospective_tray.config.loading import LoadedConfig
    from reprospective_tray.monitor.observation import Observation
    from reprospective_tray.monitor.sessionizer import Rules
    from reprospective_tray.store.engine.adapter import DatabaseAdapter
    from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
    from reprospective_tray.store.recording.background_recorder import BackgroundRecorder
    from reprospective_tray.store.recording.recorder import Recorder
    from reprospective_tray.store.sqlite.recording_lock import RecordingLock
    from reprospective_tray.sync.manager import DatabaseSyncManager
    from reprospective_tray.sync.service import SyncDependencies
    from reprospective_tray.sync.sync_pass import Identity
    from reprospective_tray.system.paths import Paths
    from reprospective_tray.system.supervisor import Supervisor

# A server that takes longer to accept a connection counts as away.
_KNOCK_S = 5.0
# How long the status and the icon wait for a server.
_GLANCE_S = 2.0
# How long recording waits for a connection and for each answer; the end may wait as long.
_RECORDING_S = 5.0


def uses_server(database: DatabaseSettings) -> bool:
    """Tell whether recordings go to the server, at once or later."""
    return database.sync.enabled or database.local.type == "postgresql"


def names_server(database: DatabaseSettings) -> bool:
    """Tell whether a server is configured, or used as the defaults have it."""
    is_named = database.remote != Remote() or bool(os.environ.get("PGSERVICE"))
    return uses_server(database) or is_named


def make_adapter(loaded: LoadedConfig, paths: Paths, *, read_only: bool = False) -> DatabaseAdapter:
    """Return the adapter of the database that the config records to."""
    if loaded.config.database.local.type == "postgresql":
        return make_server_adapter(loaded, paths, read_only=read_only)
    return make_file_adapter(loaded, paths, read_only=read_only)


def make_file_adapter(
    loaded: LoadedConfig, paths: Paths, *, read_only: bool = False
) -> SqliteAdapter:
    """Return the adapter of the local file."""
    local = loaded.config.database.local
    path = loaded.config.database_path(paths)
    return SqliteAdapter(
        path, readable_by=local.readable_by, private_below=paths.data, read_only=read_only
    )


def make_server_adapter(
    loaded: LoadedConfig,
    paths: Paths,
    *,
    read_only: bool = False,
    patience_s: float | None = None,
) -> PostgresqlAdapter:
    """Return the adapter of the central database.

    It waits `patience_s` seconds for a connection and for each answer; by default
    as long as a person would wait for a report.
    """
    # Without a server none of this is loaded, to save memory.
    from reprospective_tray.store.postgres.adapter import PostgresqlAdapter
    from reprospective_tray.store.postgres.connection.address import ServerAddress

    # Read again each time: a service file or a variable may have been corrected.
    address = ServerAddress.from_remote(loaded.config.database.remote)
    patience = {}
    if patience_s is not None:
        patience = {"connect_deadline_s": patience_s, "deadline_s": patience_s}
    return PostgresqlAdapter(address, paths.data, read_only=read_only, **patience)


def make_passing_reader(loaded: LoadedConfig, paths: Paths) -> DatabaseAdapter:
    """Return the adapter of the recorded database for a quick look that must not wait long."""
    if loaded.config.database.local.type == "postgresql":
        return make_server_adapter(loaded, paths, read_only=True, patience_s=_GLANCE_S)
    return make_file_adapter(loaded, paths, read_only=True)


def make_recorder(
    loaded: LoadedConfig,
    paths: Paths,
    on_damage: Callable[[Path], None],
    on_loss: Callable[[str], None] = lambda _lost: None,
    supervisor: Supervisor | None = None,
) -> Recorder | BackgroundRecorder:
    """Return the recorder for the config's database.

    `on_damage` is told where a damaged file was moved, `on_loss` what was lost, in words;
    `supervisor` counts failed threads.
    """
    from reprospective_tray.store.recording.recorder import Recorder

    host = socket.gethostname()
    if loaded.config.database.local.type == "postgresql":
        from reprospective_tray.store.recording.background_recorder import BackgroundRecorder

        return BackgroundRecorder(
            lambda: make_server_adapter(loaded, paths, patience_s=_RECORDING_S),
            host,
            supervisor,
            on_loss,
        )
    return Recorder(lambda: make_file_adapter(loaded, paths), host, on_damage, on_loss)


def make_recording_lock(loaded: LoadedConfig, paths: Paths) -> RecordingLock | None:
    """Return the lock that prevents others from recording to the file; None if it is a server."""
    from reprospective_tray.store.sqlite.recording_lock import RecordingLock

    local = loaded.config.database.local
    if local.type == "postgresql":
        return None
    return RecordingLock(loaded.config.database_path(paths), local.readable_by, paths.data)


def make_rules(loaded: LoadedConfig) -> Rules:
    """Return the sessionizer for the config."""
    from reprospective_tray.monitor.sessionizer import Rules
    from reprospective_tray.monitor.title_comparison import comparable
    from reprospective_tray.store.model.ids import new_uid

    settings = loaded.config.monitor
    return Rules(
        heartbeat_ms=round(settings.heartbeat * 1000),
        idle_after_ms=round(settings.idle_after * 1000),
        title_changes_per_minute=settings.titles.changes_per_minute,
        comparable=comparable(settings.titles.ignore, settings.titles.ignore_patterns),
        new_uid=new_uid,
        never_idle=_any_of(settings.never_idle),
    )


def _any_of(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return the function that tells whether one of a config's patterns matches a name."""
    from reprospective_tray.config.patterns import compile_pattern

    compiled = [compile_pattern(pattern) for pattern in patterns]
    return lambda name: any(pattern.search(name) for pattern in compiled)


def make_filter(loaded: LoadedConfig) -> Callable[[Observation], Observation | None]:
    """Return what drops or redacts observations, between the probe and the sessionizer."""
    from reprospective_tray.monitor.own_windows import OwnWindowCheck
    from reprospective_tray.monitor.privacy.rules import PrivacyRules

    pass_observation = PrivacyRules(loaded.config.privacy).pass_observation
    if loaded.config.monitor.own_windows:
        return pass_observation
    is_own = OwnWindowCheck().matches
    return lambda seen: None if is_own(seen) else pass_observation(seen)


def make_text_filter(loaded: LoadedConfig) -> Callable[[str, str], tuple[str, str] | None]:
    """Return the privacy rules for imports: both names in, both names or None out."""
    from reprospective_tray.monitor.privacy.rules import PrivacyRules

    return PrivacyRules(loaded.config.privacy).pass_names


def make_means(
    loaded: LoadedConfig, paths: Paths, identity: Identity | None = None
) -> SyncDependencies:
    """Return how the local file and the server are reached, for sending.

    Without an `identity`, nothing records while the passes run.
    """
    from reprospective_tray.store.outbox import sync_state
    from reprospective_tray.store.postgres.connection.address import ServerAddress
    from reprospective_tray.sync.service import SyncDependencies

    remote, settings = loaded.config.database.remote, loaded.config.database.sync

    def open_adapter() -> SqliteAdapter:
        return make_file_adapter(loaded, paths)

    def make_manager() -> DatabaseSyncManager:
        from reprospective_tray.ipc.instance_lock import InstanceLock
        from reprospective_tray.store.postgres.prepared_connection import connect_prepared
        from reprospective_tray.sync.manager import DatabaseSyncManager
        from reprospective_tray.sync.offline_identity import OfflineIdentity

        return DatabaseSyncManager(
            open_adapter,
            # Read again each time: a service file or a variable may have been corrected.
            lambda: connect_prepared(ServerAddress.from_remote(remote), paths.data),
            settings,
            identity or OfflineIdentity(open_adapter, InstanceLock(paths)),
        )

    def knock() -> bool:
        from reprospective_tray.store.postgres.connection import reachability as knock

        return knock.knock(ServerAddress.from_remote(remote), _KNOCK_S)

    def close_file() -> None:
        adapter = open_adapter()
        if adapter.path.exists():
            adapter.open()
            adapter.close()

    return SyncDependencies(
        make_manager,
        knock,
        lambda: sync_state.read(make_file_adapter(loaded, paths, read_only=True)),
        close_file,
    )
