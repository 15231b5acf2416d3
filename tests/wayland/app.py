"""The app under test on a Wayland desktop."""

from installer import unprivileged
from installer.demo.wayland_desktop import WaylandDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.support import User


def app_on(desktop: WaylandDesktop, user: User, *arguments: str) -> AppUnderTest:
    """Return the app of `user`, not yet started, as the user that the desktop runs as."""
    unprivileged.give(user.folder)
    app = AppUnderTest(user, desktop.env, *arguments)
    app.prefix = desktop.prefix
    # Where the compositor's socket is, as in any session.
    app.env["XDG_RUNTIME_DIR"] = desktop.env["XDG_RUNTIME_DIR"]
    return app
