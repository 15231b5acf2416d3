"""Starting at login on Linux and its relatives: XDG autostart.

An entry of the person's own hides the one of the same name that is there for all persons:
https://specifications.freedesktop.org/autostart-spec
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from reprospective_tray import NAME, PRODUCT
from reprospective_tray.desktop.autostart import desktop_entry
from reprospective_tray.desktop.autostart.base import Autostart, AutostartState, LoginCommand
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.messages import _, in_each_language
from reprospective_tray.system.paths import shipped_file
from reprospective_tray.system.private_files import make_folders, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY = Path("autostart", f"{NAME}.desktop")
SYSTEM_FOLDERS = "/etc/xdg"


class XdgAutostart(Autostart):
    """Desktop entries, the person's own and those for all persons."""

    def __init__(self, config_home: Path) -> None:
        """Take the person's config folder, ``$XDG_CONFIG_HOME``."""
        self._own = config_home / ENTRY

    def standing(self) -> AutostartState:
        """Return how it stands: the person's own entry speaks before the system's."""
        for file in (self._own, *_system_entries()):
            text = _text(file)
            if text is not None:
                values = desktop_entry.read(text)
                words = desktop_entry.split_command(values.get("Exec", ""))
                return AutostartState(
                    is_on=bool(words) and _is_on(values),
                    place=str(file),
                    command=LoginCommand(words) if words else None,
                    is_own=file == self._own,
                )
        return AutostartState(is_on=False, place=str(self._own))

    def enable(self, command: LoginCommand) -> None:
        """Write an entry of the person's own, whole or not at all."""
        comments = in_each_language("Records which window you use, and when")
        values = {
            "Type": "Application",
            "Version": "1.0",
            "Name": PRODUCT,
            "Comment": comments.pop("en"),
            **{f"Comment[{language}]": text for language, text in comments.items()},
            **_command_values(command),
            "Terminal": "false",
            "StartupNotify": "false",
            # What GNOME's settings switch.
            "X-GNOME-Autostart-enabled": "true",
        }
        self._write(desktop_entry.write(values))

    def renew(self, command: LoginCommand) -> None:
        """Change the command alone: a delay or a condition is the person's own."""
        self._write(desktop_entry.with_values(_text(self._own) or "", _command_values(command)))

    def disable(self) -> None:
        """Remove the person's own entry; hide the one for all persons by a copy of it."""
        standing = self.standing()
        if not standing.is_on:
            return
        if not any(_text(file) is not None for file in _system_entries()):
            try:
                self._own.unlink()
            except OSError as error:
                raise self._not_written(error) from error
            return
        text = _text(Path(standing.place)) or ""
        self._write(desktop_entry.with_values(text, {"Hidden": "true"}))

    def _write(self, text: str) -> None:
        try:
            make_folders(self._own.parent)
            # Where it is a link, as of a folder of settings under version control, it stays one.
            write_private(Path(os.path.realpath(self._own)), text.encode())
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> ReprospectiveError:
        return ReprospectiveError(
            _("{file} cannot be written: {reason}").format(
                file=self._own, reason=error.strerror or error
            ),
            _("Free some space, or give yourself write access to it."),
        )


def _system_entries() -> list[Path]:
    folders = os.environ.get("XDG_CONFIG_DIRS") or SYSTEM_FOLDERS
    # The specification has relative paths ignored.
    return [Path(folder) / ENTRY for folder in folders.split(":") if folder.startswith("/")]


def _text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return None


def _is_on(values: Mapping[str, str]) -> bool:
    """Say whether a desktop would start this entry, if its program is there."""
    if desktop_entry.is_true(values.get("Hidden", "")):
        return False
    if values.get("X-GNOME-Autostart-enabled", "true") == "false":
        return False
    here = set(desktop_entry.as_list(os.environ.get("XDG_CURRENT_DESKTOP", "").replace(":", ";")))
    if not here:
        return True  # nobody says which desktop it is: asked from a terminal of another kind
    only = desktop_entry.as_list(values.get("OnlyShowIn", ""))
    never = desktop_entry.as_list(values.get("NotShowIn", ""))
    return not (only and not here & set(only)) and not here & set(never)


def _command_values(command: LoginCommand) -> dict[str, str]:
    """Return the keys that change where the program moves.

    Raises:
        ReprospectiveError: an entry cannot hold such a command.
    """
    try:
        line = desktop_entry.quote_command(command.words)
    except ValueError as error:
        raise ReprospectiveError(
            _(
                "The entry that starts programs at login cannot contain this command: {command}"
            ).format(command=" ".join(command.words).encode("utf-8", "replace").decode()),
            _("Move it to a folder with ordinary characters in its name."),
        ) from error
    program = shutil.which(command.words[0]) or command.words[0]
    values = {"Exec": line, "TryExec": desktop_entry.escape(program)}
    try:
        icon = str(shipped_file("assets/icon.png"))
        icon.encode()
    except (ReprospectiveError, ValueError):
        return values  # a list of login programs without a picture is no reason to fail
    return {**values, "Icon": desktop_entry.escape(icon)}
