"""The whole program that sends to a real server: what is clicked, what is shown, how it ends."""

import json
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.runtime.state import shown
from tests.bystander import at_most
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.server.central import Central, central_on
from tests.server.proxy import Proxy
from tests.server.servers import Server
from tests.support import PATIENCE_S, User, wait_until

SECONDS = 15.0
SYNC_NOW = ("Down", "Down", "Down", "Return")
# After the first pass nothing is sent by itself in the time of a test.
RARELY = "interval: 86400"
LAST_PASS_S = 3.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Launch = Callable[..., AppUnderTest]


def configure(
    user: User, central: Central, sync: str = RARELY, *, place: Any = None, password: str = ""
) -> None:
    where = place or central.database
    user.write_config(f"""
database:
  remote:
    host: {where.host}
    port: {where.port}
    database: {central.database.name}
    user: {central.person.name}
    password: {password or central.person.password}
  sync: {{enabled: true, {sync}}}
notifications: {{first_start: false}}
""")


@pytest.fixture
def launch(make_app: Launch, desktop: VirtualDesktop, user: User) -> Launch:
    """Start the program that sends: ``launch(central, "--no-tray", place=proxy)``."""

    def start(to: Central, *arguments: str, **how: Any) -> AppUnderTest:
        configure(user, to, **how)
        return make_app(desktop, *arguments).start()

    return start


def on_server(central: Central, title: str) -> list[tuple[Any, ...]]:
    """Return (open, end in ms) of the rows with a title."""
    rows = central.database.rows(
        "SELECT open, ended_at FROM reprospective.desktop_activity_sessions"
        " WHERE window_title = %s",
        (title,),
    )
    return [(is_open, (end - EPOCH) // timedelta(milliseconds=1)) for is_open, end in rows]


def await_on_server(central: Central, title: str, seconds: float = SECONDS) -> None:
    wait_until(lambda: on_server(central, title), seconds, f"{title!r} on the server")


def sync_of(app: AppUnderTest) -> dict[str, Any]:
    found = app.ask("status")["sync"]
    assert isinstance(found, dict)
    return found


def await_first_pass(app: AppUnderTest) -> None:
    wait_until(lambda: sync_of(app)["last_success_at"], SECONDS, "the first pass")


def pass_of(app: AppUnderTest) -> dict[str, Any]:
    """Ask for a pass and return how it ended."""
    number = app.ask("sync", followed=True)["id"]
    wait_until(
        lambda: not app.ask("sync_progress", id=number)["running"], SECONDS, "the end of the pass"
    )
    result = app.ask("sync_progress", id=number)["result"]
    assert isinstance(result, dict)
    return result


def journal_mode(app: AppUnderTest) -> str:
    with closing(sqlite3.connect(app.database)) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


@pytest.fixture
def own_central(own_server: Server) -> Iterator[Central]:
    """A central database on a server that a test may stop; it is started again for the end."""
    with central_on(own_server) as made:
        yield made
        if not own_server.running:
            own_server.start()


def test_sync_now_in_the_menu_brings_what_was_recorded_to_the_server(
    launch: Launch, desktop: VirtualDesktop, windows: Windows, central: Central
) -> None:
    app = launch(central)
    window = windows.open("Editor", "before the first pass")
    await_first_pass(app)
    window.set_title("before the click")
    app.wait_for_row("window_title = 'before the click'")
    assert on_server(central, "before the click") == []
    tray_menu.choose(desktop, app, *SYNC_NOW)
    await_on_server(central, "before the click")
    # What goes on is sent as well, for those who read the running hour.
    assert on_server(central, "before the click")[0][0] == 1


def test_the_tooltip_says_how_far_everything_is_sent(
    launch: Launch, desktop: VirtualDesktop, central: Central
) -> None:
    app = launch(central)
    await_first_pass(app)
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    tray_menu.wait_for_name(desktop, "^Re:prospective: .* · Synced a moment ago", visible=False)


@pytest.mark.parametrize("name", ["SIGTERM", "click"])
def test_quit_sends_the_end_of_the_open_session(
    launch: Launch, desktop: VirtualDesktop, windows: Windows, central: Central, name: str
) -> None:
    app = launch(central, *(() if name == "click" else ("--no-tray",)))
    windows.open("Editor", "to the end")
    app.wait_for_row("window_title = 'to the end'")
    await_first_pass(app)
    if name == "click":
        tray_menu.choose(desktop, app, *tray_menu.QUIT)
        assert app.process is not None
        assert app.process.wait(PATIENCE_S) == 0
    else:
        with at_most(LAST_PASS_S):
            assert app.stop(signal.SIGTERM) == 0
    last = app.rows()[-1]
    assert (last["open"], last["synced"]) == (0, 1)
    assert on_server(central, "to the end") == [(0, last["ended_at"])]
    assert journal_mode(app) == "delete"


def test_a_silent_server_holds_up_the_end_for_a_moment_alone(
    launch: Launch, windows: Windows, central: Central, proxy: Proxy
) -> None:
    app = launch(central, "--no-tray", place=proxy)
    windows.open("Editor", "to the end")
    app.wait_for_row("window_title = 'to the end'")
    await_first_pass(app)
    proxy.go_silent()
    with at_most(LAST_PASS_S + 1.5):
        assert app.stop() == 0
    last = app.rows()[-1]
    assert (last["window_title"], last["open"], last["synced"]) == ("to the end", 0, 0)
    assert journal_mode(app) == "delete"


@pytest.mark.long
def test_recording_goes_on_without_the_server_and_it_is_sent_to_as_soon_as_it_is_back(
    launch: Launch, windows: Windows, own_central: Central, own_server: Server
) -> None:
    app = launch(own_central, "--no-tray")
    window = windows.open("Editor", "before")
    await_first_pass(app)
    own_server.stop("fast")
    assert pass_of(app)["error"]
    window.set_title("while it was away")
    app.wait_for_row("window_title = 'while it was away'")
    sync = sync_of(app)
    assert str(own_server.port) in sync["last_error"]
    assert sync["waiting"] >= 1
    assert own_central.person.password not in json.dumps(sync)
    status = app.ask("status")
    # So short an outage is nobody's trouble.
    assert (status["mode"], status["problem"]) == ("recording", "")
    assert "Not synced since" in app.cli("status").stdout
    own_server.start()
    # By the knock, not by the interval of a day.
    await_on_server(own_central, "while it was away")
    wait_until(lambda: sync_of(app)["last_error"] is None, SECONDS, "the end of the error")


def notified(desktop: VirtualDesktop, words: str) -> list[str]:
    """Return the texts of all notifications that say this."""
    desktop.run("dunstctl", "close-all")
    shown = json.loads(desktop.run("dunstctl", "history"))["data"][0]
    return [text for one in shown if words in (text := one["body"]["data"])]


def test_what_a_person_has_to_mend_is_shown_and_notified_once(
    launch: Launch, desktop: VirtualDesktop, windows: Windows, central: Central
) -> None:
    app = launch(central, password="the wrong one")  # noqa: S106  that is the point
    windows.open("Editor", "recorded all the same")
    app.wait_for_row("window_title = 'recorded all the same'")
    mark = central.person.name
    for _number in range(2):
        assert mark in pass_of(app)["error"]
    status = app.ask("status")
    if status["mode"] != "attention":  # the first pass may have been one of the two
        assert notified(desktop, mark) == []
        pass_of(app)
        status = app.ask("status")
    assert status["mode"] == "attention"
    assert str(status["problem"]).startswith("The server refuses user or password. Check ")
    assert " waiting since " in str(status["problem"])
    assert mark in app.cli("status").stdout
    wait_until(lambda: notified(desktop, mark), SECONDS, "the notification")
    for _number in range(2):
        pass_of(app)
    app.stop()  # by the queue that a notification would have been in before
    assert len(notified(desktop, mark)) == 1
    assert "the wrong one" not in app.output()


def test_what_retention_does_is_said_once_and_remembered(
    launch: Launch, desktop: VirtualDesktop, user: User, central: Central
) -> None:
    app = launch(central, "--no-tray", sync=f"{RARELY}, retention_days: 41")
    said = "Sessions older than 41 days are removed from this computer"
    wait_until(lambda: notified(desktop, said), SECONDS, "the notification")
    assert said in app.output()
    assert shown.load(user.paths).told_retention_days == 41
    app.stop()
    app.start()
    await_first_pass(app)
    app.stop()
    assert len(notified(desktop, said)) == 1
    assert app.cli("sync").stderr == ""


def test_the_command_asks_the_running_instance(
    launch: Launch, windows: Windows, central: Central
) -> None:
    app = launch(central, "--no-tray", sync=f"{RARELY}, retention_days: null")
    window = windows.open("Editor", "one")
    await_first_pass(app)
    window.set_title("two")
    app.wait_for_row("window_title = 'two'")
    found = json.loads(app.cli("sync", "--json").stdout)
    assert (found["error"], found["refused"]) == (None, 0)
    assert found["sent"] >= 2
    assert on_server(central, "two")
    found = json.loads(app.cli("sync", "--verify", "--json").stdout)
    assert (found["compared"] >= 1, found["offered_again"]) == (True, 0)
    # The file is in use: the command leaves it as it is.
    assert journal_mode(app) == "wal"
    assert app.ask("status")["running"]


def test_where_sending_is_off_nothing_of_it_is_shown_and_asking_is_refused(
    make_app: Launch, desktop: VirtualDesktop
) -> None:
    app = make_app(desktop, "--no-tray").start()
    assert sync_of(app)["enabled"] is False
    # Of the instance itself: the command looks into the config before it asks.
    with pytest.raises(ReprospectiveError, match="Sending is off"):
        app.ask("sync")
    assert "psycopg" not in maps_of(app)


def maps_of(app: AppUnderTest) -> str:
    """Return what the process has in memory of files, the C parts of libraries among them."""
    assert app.process is not None
    return Path(f"/proc/{app.process.pid}/maps").read_text("utf-8")
