"""The parts that the config decides, made from it: for the running program and for commands."""

from collections.abc import Callable

from reprospective_tray import config
from reprospective_tray.monitor.observation import Observation
from reprospective_tray.monitor.privacy import Privacy
from reprospective_tray.monitor.sessionizer import Rules
from reprospective_tray.monitor.titles import comparable
from reprospective_tray.paths import Paths
from reprospective_tray.store.adapter import SqliteAdapter
from reprospective_tray.store.ids import new_uid


def make_adapter(loaded: config.Loaded, paths: Paths, *, read_only: bool = False) -> SqliteAdapter:
    """Return the adapter of the local database that the config asks for."""
    local = loaded.config.database.local
    path = loaded.config.database_path(paths)
    return SqliteAdapter(
        path, readable_by=local.readable_by, private_below=paths.data, read_only=read_only
    )


def make_rules(loaded: config.Loaded) -> Rules:
    """Return what makes a session, as the config has it."""
    settings = loaded.config.monitor
    return Rules(
        heartbeat_ms=round(settings.heartbeat * 1000),
        idle_after_ms=round(settings.idle_after * 1000),
        title_changes_per_minute=settings.titles.changes_per_minute,
        comparable=comparable(settings.titles.ignore, settings.titles.ignore_patterns),
        new_uid=new_uid,
    )


def make_filter(loaded: config.Loaded) -> Callable[[Observation], Observation | None]:
    """Return the privacy rules as what stands between the probe and the sessionizer."""
    privacy = Privacy(loaded.config.privacy)

    def apply(seen: Observation) -> Observation | None:
        verdict = privacy.apply(seen.application_name, seen.window_title)
        if verdict is None:
            return None
        return Observation(
            verdict.application_name, verdict.window_title, seen.process_id, seen.window_id
        )

    return apply


def make_text_filter(loaded: config.Loaded) -> Callable[[str, str], tuple[str, str] | None]:
    """Return the privacy rules as imports ask them: names in, names or nothing out."""
    privacy = Privacy(loaded.config.privacy)

    def apply(application_name: str, window_title: str) -> tuple[str, str] | None:
        verdict = privacy.apply(application_name, window_title)
        return (verdict.application_name, verdict.window_title) if verdict else None

    return apply
