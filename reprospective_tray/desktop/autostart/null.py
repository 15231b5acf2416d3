"""Where nothing that this program can write is started at login."""

from reprospective_tray.desktop.autostart.base import Autostart, AutostartState, LoginCommand
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _


class NullAutostart(Autostart):
    """Is never on."""

    is_possible = False

    def __init__(self, why_not: str) -> None:
        """Take the sentence that says why."""
        self.why_not = why_not

    def standing(self) -> AutostartState:
        """Return that it is off."""
        return AutostartState(is_on=False, place="")

    def enable(self, command: LoginCommand) -> None:
        """Refuse.

        Raises:
            ReprospectiveError: always.
        """
        del command
        raise ReprospectiveError(
            self.why_not, _("Add it yourself to the programs that your desktop starts at login.")
        )

    def renew(self, command: LoginCommand) -> None:
        """Refuse, as `enable`."""
        self.enable(command)

    def disable(self) -> None:
        """Leave it off."""
