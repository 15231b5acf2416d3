"""The documented way to uninstall leaves nothing of the program in the person's home folder."""

import shutil
from collections.abc import Callable
from pathlib import Path

from installer import steps
from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray import NAME
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import assert_good, command_of
from tests.desktop.windows import Windows
from tests.support import User


def left(user: User) -> list[Path]:
    """Return what is in the person's folders and has the program's name, or lies below such."""
    return sorted(path for path in user.folder.rglob("*") if "prospective" in path.name.lower())


def test_after_the_documented_steps_nothing_is_left(
    make_app: Callable[..., AppUnderTest], desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.env["XDG_CONFIG_DIRS"] = str(user.folder / "xdg")
    command = command_of(user)
    assert_good(command("config", "init"))
    with make_app(desktop) as app:
        app.start()
        windows.open("Editor", "Something to record")
        app.wait_for_row("window_title = 'Something to record'")
        assert_good(command("autostart", "enable"))
    listed = assert_good(command("config", "path")).splitlines()
    assert len(left(user)) > 3

    assert_good(command("autostart", "disable"))
    for line in listed:
        path = Path(line.partition(": ")[2])
        (own,) = (each for each in (path, *path.parents) if each.name == NAME)
        shutil.rmtree(own, ignore_errors=True)
    assert left(user) == []


def test_the_documentation_names_every_package_and_the_entry_at_login() -> None:
    readme = (steps.ROOT / "README.md").read_text("utf-8")
    assert "To uninstall, delete this folder and those listed by `config path`" in readme
    assert "(docs/platforms.md#uninstall)" in readme
    page = (steps.ROOT / "docs" / "platforms.md").read_text("utf-8")
    section = page[page.index("## Uninstall\n") :]
    for kind in (
        *("autostart disable", "config path", "bootstrap.py", ".deb", ".tar.xz", "Windows"),
        *("macOS", "pipx uninstall", "uv tool uninstall", "apt remove"),
    ):
        assert kind in section, kind
