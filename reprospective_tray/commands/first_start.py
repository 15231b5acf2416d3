"""The window of the very first start, which the running program opens."""

from reprospective_tray.commands.common import Options
from reprospective_tray.commands.window_settings import load_for_window
from reprospective_tray.ipc import client
from reprospective_tray.system import logs

# Turning it on tries out the command that the next login runs.
_SWITCH_SECONDS = 15.0


def first_start_window(options: Options) -> int:
    """Say what is recorded, where it stays and how to pause, until the window is closed."""
    settings = load_for_window(options)
    paths = settings.paths
    logs.setup(paths, verbose=options.verbose, console=True)
    from reprospective_tray.runtime.first_start import lines
    from reprospective_tray.runtime.state import shown
    from reprospective_tray.tray.windows.first_start_window import FirstStartContent, show

    def starts_at_login() -> bool | None:
        answer = client.request(paths, "status").get("starts_at_login")
        return answer if isinstance(answer, bool) else None

    def switch(on: bool) -> None:
        client.request(paths, "start_at_login", timeout=_SWITCH_SECONDS, on=on)

    def seen() -> None:
        shown.update(paths, first_start=True)

    show(FirstStartContent(lines(settings.loaded, paths), starts_at_login, switch, seen))
    return 0
