"""A pause that cannot be read is a pause, and the person is told why nothing is recorded."""

from collections.abc import Callable

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.support import User

pytestmark = pytest.mark.trust

MakeApp = Callable[..., AppUnderTest]


@pytest.mark.parametrize(
    "content",
    [
        *(pytest.param(each, marks=pytest.mark.long) for each in (b"", b'{"paused": 3}')),
        b'{"paused":true,"paused_until":18000',
        pytest.param(b"\0" * 64, marks=pytest.mark.long),
    ],
)
def test_a_torn_state_is_a_pause_until_the_person_resumes(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, content: bytes
) -> None:
    user.paths.state.mkdir(parents=True)
    user.paths.state_file.write_bytes(content)
    app = make_app(desktop, "--no-tray")
    assert "the saved state cannot be read" in app.cli("status").stdout
    window = windows.open("Editor", "while nobody knows")
    for _start in range(2):
        app.start()
        status = app.ask("status")
        assert (status["paused"], status["paused_until"], status["mode"]) == (True, None, "paused")
        (aside,) = user.paths.state.glob("*unreadable*")
        assert aside.read_bytes() == content
        said = app.cli("status").stdout
        assert str(aside) in said
        assert "Paused until you resume" in said
        assert app.stop() == 0
    app.start()
    app.cli("resume")
    app.wait_for_row("window_title = 'while nobody knows'")
    assert app.ask("status")["problem"] == ""
    assert app.stop() == 0
    window.set_title("after the next start")
    app.start()
    app.wait_for_row("window_title = 'after the next start'")
