"""Commands that start the running instance, talk to it, or open its windows."""

import sys
import time
from contextlib import suppress

from reprospective_tray.commands.common import (
    Options,
    find_paths,
    load,
    print_json,
)
from reprospective_tray.commands.window_settings import load_for_window, show_without_terminal
from reprospective_tray.config.loading import LoadedConfig
from reprospective_tray.config.watch import ConfigWatch
from reprospective_tray.errors import (
    AlreadyRunningError,
    ConfigError,
    NotRunningError,
    ReprospectiveError,
    StoreError,
)
from reprospective_tray.ipc import client
from reprospective_tray.messages import _
from reprospective_tray.runtime.state import program_state, shown
from reprospective_tray.system import logs
from reprospective_tray.system.clock import now_ms
from reprospective_tray.system.lean_memory import use_one_heap
from reprospective_tray.system.paths import Paths

# How long the desktop may take to be observed again before "not recording yet" is printed.
_RESUME_SECONDS = 1.0
_LOOK_SECONDS = 0.05


def run(options: Options) -> int:
    """Record until the end; a second start opens the first one's window."""
    try:
        loaded, paths = load(options)
    except ConfigError as error:
        if not options.no_tray:
            # Started by a login or a click: an instance uses its earlier valid settings.
            paths = Paths.of_user()
            with suppress(NotRunningError):
                return _show_running(paths)
            head = _("The settings cannot be used, so nothing is recorded.")
            show_without_terminal(head, error, options, paths)
        raise
    paths.prepare()
    logs.setup(paths, verbose=options.verbose, console=True)
    use_one_heap()
    from reprospective_tray.runtime.application import Application

    try:
        Application(loaded, paths).run(tray=not options.no_tray)
    except AlreadyRunningError:
        if options.no_tray:
            raise
        return _show_running(paths)
    return 0


def _show_running(paths: Paths) -> int:
    """Open the window of the running instance."""
    client.request(paths, "show")
    print(_("The program is already running. Its window opens now."))
    return 0


def status(options: Options) -> int:
    """Print the status, whether it runs or not; return 1 if today's time cannot be read."""
    paths = find_paths(options)
    try:
        # A running instance has valid settings, whatever the file says now.
        found = client.request(paths, "status")
    except NotRunningError:
        found = _status_at_rest(*load(options))
    code = int(bool(found.get("unreadable")))
    if options.json:
        contract = ("running", "pid", "paused", "paused_until", "today_active_seconds")
        print_json({key: found[key] for key in (*contract, "data_path", "sync")})
        if problem := found.get("problem"):
            print(f"reprospective-tray: {problem}", file=sys.stderr)
        return code
    from reprospective_tray.summary.status_text import status_text
    from reprospective_tray.sync import status_messages

    print(status_text(found))
    if shipping := status_messages.from_status(found):
        print(status_messages.line(shipping, now_ms()))
        if shipping.error and shipping.error not in str(found.get("problem")):
            print(_("The last attempt to send failed: {error}").format(error=shipping.error))
    return code


def _status_at_rest(loaded: LoadedConfig, paths: Paths) -> dict[str, object]:
    from reprospective_tray.runtime.factories import make_file_adapter, make_passing_reader
    from reprospective_tray.runtime.state.pause import unread_pause
    from reprospective_tray.runtime.status import (
        SYNC_OFF,
        status_object,
        sync_object,
        today_active_ms,
    )
    from reprospective_tray.store.outbox import sync_state

    sends = loaded.config.database.sync.enabled
    sync = sync_object(sync_state.SyncState(), None) if sends else SYNC_OFF
    today_ms, problem, at_server = 0, "", loaded.config.database.local.type == "postgresql"
    reader = make_passing_reader(loaded, paths)
    if at_server or loaded.config.database_path(paths).exists():
        try:
            reader.open()
            today_ms = today_active_ms(reader)
            if sends:
                sync = sync_object(
                    sync_state.read(make_file_adapter(loaded, paths, read_only=True)), None
                )
        except StoreError as error:
            problem = f"{error} {error.remedy}".strip()
    remembered = program_state.load(paths)
    unreadable, paused = bool(problem), remembered.is_paused_at(now_ms())
    if paused and not problem:
        problem = unread_pause(remembered.unread_pause)
    return status_object(
        pid=None,
        paused=paused,
        paused_until=remembered.paused_until,
        today_ms=today_ms,
        data_path=reader.place,
        sync=sync,
    ) | {"problem": problem, "unreadable": unreadable}


def pause(options: Options) -> int:
    """Pause the running instance."""
    paths = find_paths(options)
    until = None
    if options.length:
        until = now_ms() + round(options.length.total_seconds() * 1000)
    from reprospective_tray.summary.status_text import paused_line

    client.request(paths, "pause", until=until)
    print(paused_line(until))
    return 0


def resume(options: Options) -> int:
    """Let the running instance resume recording."""
    paths = find_paths(options)
    client.request(paths, "resume")
    until = time.monotonic() + _RESUME_SECONDS
    while not (found := client.request(paths, "status")).get("recording", True):
        if time.monotonic() > until:
            from reprospective_tray.summary.status_text import recording_line

            print(_("Resumed."), recording_line(found), found.get("problem") or "")
            return 0
        time.sleep(_LOOK_SECONDS)
    print(_("Recording."))
    return 0


def stop(options: Options) -> int:
    """End the running instance, and wait until it has ended."""
    from reprospective_tray.commands import stop as ending

    if not ending.end(find_paths(options)):
        raise NotRunningError(_("The program is not running."))
    print(_("Stopped."))
    return 0


def quit_(options: Options) -> int:
    """End the running instance, if there is one, and wait until it has ended."""
    from reprospective_tray.commands import stop as ending

    ending.end(find_paths(options))
    return 0


def summary(options: Options) -> int:
    """Show the summary window until it is closed."""
    settings = load_for_window(options)
    loaded, paths = settings.loaded, settings.paths
    watch = ConfigWatch(loaded, paths)
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.commands.common import make_sources
    from reprospective_tray.summary.figures.categories import Categories
    from reprospective_tray.summary.window.dependencies import Memory, WindowDependencies
    from reprospective_tray.summary.window.process import show

    def forget(uids: list[str]) -> object:
        from reprospective_tray.commands.forget import forget_sessions

        return forget_sessions(loaded, paths, uids)

    def remember(memory: Memory) -> None:
        shown.update(paths, summary_geometry=memory.geometry, summary_view=memory.view)

    known = shown.load(paths)
    show(
        WindowDependencies(
            make_sources(loaded, paths),
            Categories(loaded.config.categories),
            lambda: _status_or_none(paths),
            forget,
            remember,
            lambda: client.request(paths, "resume"),
            watch.look,
            settings.note,
        ),
        Memory(known.summary_geometry, known.summary_view),
    )
    return 0


def control_window(options: Options) -> int:
    """Show the menu as a window, if the tray has none."""
    paths = find_paths(options)
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.tray.windows.control_window import show

    show(paths)
    return 0


def _status_or_none(paths: Paths) -> dict[str, object] | None:
    """Return the running instance's status with a line on sending; None if none runs."""
    try:
        found = client.request(paths, "status")
    except NotRunningError:
        return None
    except ReprospectiveError as error:
        return {"running": True, "recording": False, "problem": f"{error} {error.remedy}".strip()}
    from reprospective_tray.sync import status_messages

    if shipping := status_messages.from_status(found):
        found["sync_line"] = status_messages.line(shipping, now_ms())
    return found
