"""The command `autostart`: whether the program starts when the person logs in."""

from reprospective_tray.commands.common import Options, load
from reprospective_tray.desktop.autostart.login import StartAtLogin
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _


def enable(options: Options) -> int:
    """Turn starting at login on, with the config in use if it is not the usual one."""
    login = StartAtLogin(*load(options))
    login.switch(on=True)
    return _say(login)


def disable(options: Options) -> int:
    """Turn starting at login off."""
    login = StartAtLogin(*load(options))
    login.switch(on=False)
    return _say(login)


def status(options: Options) -> int:
    """Print whether it is on.

    Raises:
        ReprospectiveError: it is on, but the program it would start no longer exists.
    """
    return _say(StartAtLogin(*load(options)))


def _say(login: StartAtLogin) -> int:
    standing = login.standing()
    if missing := standing.missing:
        raise ReprospectiveError(
            _("{place} starts the program at login, but {file} no longer exists.").format(
                place=standing.place, file=missing
            ),
            _(
                "Run `reprospective-tray autostart enable` to start the program from where it "
                "is now."
            ),
        )
    if standing.is_on:
        print(_("The program starts at login ({place}).").format(place=standing.place))
        return 0
    print(_("The program does not start at login."))
    if login.why_not:
        print(login.why_not)
    return 0
