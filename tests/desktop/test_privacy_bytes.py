"""No byte of any file, nor of the server, holds what a privacy rule drops, with everything on.

How it can fail: a title goes by the log, by an error's text, by an index or the write-ahead log,
by a heartbeat or the last write before a kill, by a report, an export or the server's own log.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from psycopg2 import sql

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.mocked_services import Buses, Logind
from tests.desktop.test_settings import await_said, notified, replace_config
from tests.desktop.test_sync_tray import await_on_server, pass_of
from tests.desktop.windows import Window, Windows
from tests.marks import PREFIX, marks, marks_below
from tests.server.central import Central, central_on
from tests.server.servers import Server, new_server
from tests.support import User, wait_until

SECONDS = 15.0
HEARTBEAT_S = 1.0
ALLOWED = "qzxallowed"
# The patterns name the windows without the marked words: those may be nowhere but in the titles.
CONFIG = """
database:
  remote:
    host: {host}
    port: {port}
    database: {database}
    user: {user}
    password: {password}
  sync: {{enabled: true, interval: 5}}
monitor: {{heartbeat: 1}}
privacy:
  rules:
    - application: ledger
    - title: salary list
    - {{application: bank, title: 'account \\w+', action: redact}}
    - {{application: notes, action: redact}}
    - {{application: chatter, action: application}}
"""

MakeApp = Callable[..., AppUnderTest]


@dataclass(frozen=True, slots=True)
class Secret:
    """A window of which something must be nowhere; `leaves` finds what its rule lets pass."""

    application: str
    title: str
    leaves: str = ""


SECRETS = {
    "an ignored application": Secret("qzxledger", "qzxbooks of the year"),
    "an ignored title": Secret("Editor", "The salary list of qzxcolleagues"),
    "a part of a title": Secret(
        "Bank", "Statement, account qzxaccount, June", "window_title like 'Statement%[redacted]%'"
    ),
    "a whole title": Secret("Notes", "Dear qzxdiary", "window_title = '[redacted]'"),
    "an application without titles": Secret(
        "Chatter", "qzxfriend writes", "application_name = 'Chatter' and window_title = ''"
    ),
    "a private window of Firefox": Secret(
        "firefox", "qzxprivately — Mozilla Firefox Private Browsing"
    ),
    "a private window of Chrome": Secret("Google-chrome", "qzxincognito - Chrome (Incognito)"),
    "a private browser": Secret("Tor Browser", "qzxonion - Tor Browser"),
    "a password manager": Secret("KeePassXC", "qzxvault.kdbx - KeePassXC"),
    "a password in a terminal": Secret("XTerm", "$ pass show qzxpassword"),
    "a vault in a browser": Secret("firefox", "qzxlogins | Vaultwarden Web — Mozilla Firefox"),
}


@dataclass(frozen=True, slots=True)
class Everything:
    """All that the program could write to."""

    desktop: VirtualDesktop
    user: User
    server: Server
    central: Central

    def assert_holds_no_secret(self) -> None:
        """Search all bytes; what a rule lets pass must be found as well."""
        found = marks_below(self.user.folder, self.desktop.folder)
        assert self.leaks(found) == {}
        assert found[ALLOWED] & set(self.user.paths.data.rglob("*.db*"))

    def assert_server_holds_no_secret(self) -> None:
        """Search the text of every column of every table, and the bytes of the cluster's files."""
        texts = {name: self.text_of(name) for name in self.tables()}
        assert ALLOWED in texts["desktop_activity_sessions"]
        leaks = {name: marks(text.encode()) - {ALLOWED} for name, text in texts.items()}
        assert not any(leaks.values()), leaks
        self.central.database.rows("CHECKPOINT")
        found = marks_below(self.server.data, self.server.log)
        assert self.leaks(found) == {}
        places = {path.relative_to(self.server.folder).parts[:2] for path in found[ALLOWED]}
        # The search sees tables, the write-ahead log, and the statements that the server logs.
        assert places >= {("data", "base"), ("data", "pg_wal"), ("server.log",)}

    def tables(self) -> list[str]:
        return [
            name
            for (name,) in self.central.database.rows(
                "SELECT relname FROM pg_class WHERE relnamespace = 'reprospective'::regnamespace"
                " AND relkind IN ('r', 'p', 'v', 'm')"
            )
        ]

    def text_of(self, name: str) -> str:
        rows = self.central.database.rows(
            sql.SQL("SELECT t::text FROM reprospective.{} t").format(sql.Identifier(name))
        )
        return "\n".join(text for (text,) in rows)

    @staticmethod
    def leaks(found: dict[str, set]) -> dict[str, set]:
        """Return what is no mark of an allowed title; the mark alone is no word."""
        return {mark: where for mark, where in found.items() if mark not in {ALLOWED, PREFIX}}


@pytest.fixture
def everything(desktop: VirtualDesktop, user: User):
    """A server that logs all that it is told, and a config with every kind of rule."""
    with new_server(settings={"log_statement": "all"}) as server, central_on(server) as central:
        text = CONFIG.format(
            host=server.host,
            port=server.port,
            database=central.database.name,
            user=central.person.name,
            password=central.person.password,
        )
        user.write_config(text)
        yield Everything(desktop, user, server, central)


def show(app: AppUnderTest, windows: Windows, secret: Secret) -> Window:
    """Bring a secret to the front for so long that it would have been recorded."""
    shown = windows.open(secret.application, secret.title)
    if secret.leaves:
        app.wait_for_row(f"open = 1 and {secret.leaves}")
        return shown
    began = time.monotonic()

    def is_passed_over() -> bool:
        nonlocal began
        if app.rows("open = 1"):
            began = time.monotonic()
        return time.monotonic() - began > HEARTBEAT_S

    wait_until(is_passed_over, SECONDS, "a heartbeat in which nothing is recorded")
    return shown


def show_allowed(app: AppUnderTest, window: Window, text: str) -> None:
    """Bring an ordinary window to the front, and wait until it is recorded."""
    window.set_title(f"{ALLOWED} {text}")
    window.activate()
    app.wait_for_row(f"open = 1 and window_title = '{ALLOWED} {text}'")


def open_and_close(desktop: VirtualDesktop, name: str, key: str) -> None:
    """Let one of the program's own windows show all it has, then close it by a key."""
    tray_menu.wait_for_name(desktop, name)
    desktop.settled_screenshot(desktop.folder / "settled.png")
    (window,) = tray_menu.named(desktop, name)
    desktop.xdotool("windowfocus", "--sync", window, "key", key)
    wait_until(lambda: not tray_menu.named(desktop, name), SECONDS, "the end of the window")


def look_back(app: AppUnderTest, desktop: VirtualDesktop) -> None:
    """Open and print whatever shows what was recorded."""
    app.ask("open_summary")
    open_and_close(desktop, "^Re:prospective$", "ctrl+w")
    app.ask("ask_to_forget", since=0)
    open_and_close(desktop, "^Re:prospective: Forget$", "Escape")
    saved = app.user.folder / "saved"
    saved.mkdir(exist_ok=True)
    for source in ("local", "server"):
        for kind in ("text", "json", "markdown", "csv", "html"):
            where = ("--source", source, "--format", kind)
            said = app.cli("--verbose", "report", "--titles", "50", *where)
            (saved / f"report-{source}.{kind}").write_text(said.stdout + said.stderr, "utf-8")
        for kind in ("jsonl", "csv"):
            file = saved / f"sessions-{source}.{kind}"
            app.cli("export", "--source", source, "--format", kind, "-o", str(file))
    app.cli("export", "--snapshot", str(saved / "copy.db"))
    for words in (("doctor", "--json"), ("status", "--json"), ("status",), ("config", "show")):
        said = app.cli("--verbose", *words, check=False)
        (saved / f"{'-'.join(words)}.txt").write_text(said.stdout + said.stderr, "utf-8")
    assert all(marks(file.read_bytes()) for file in saved.glob("sessions-*"))


@pytest.mark.timeout(300)
@pytest.mark.long
def test_with_everything_on_no_byte_here_or_on_the_server_holds_what_a_rule_drops(
    make_app: MakeApp, everything: Everything, windows: Windows
) -> None:
    desktop, user, central = everything.desktop, everything.user, everything.central
    app = make_app(desktop)
    first, *others = SECRETS.values()
    # The very first window is a secret.
    in_front = windows.open(first.application, first.title)
    with Buses(desktop) as buses:
        logind = Logind(desktop, buses.system, os.getuid())
        app.start()
        await_said(app, "listening to the system bus")
        window = windows.open("Editor", "nothing yet")
        show_allowed(app, window, "and shown first")
        in_front.activate()
        for secret in others:
            in_front = show(app, windows, secret)
            # And for less than a moment, by a new title of a window that was harmless.
            for _time in range(3):
                window.activate()
                window.set_title("The salary list of qzxmanagers")
                in_front.activate()
            show_allowed(app, window, "after a secret")
            # Straight before the lock, and straight after it.
            in_front.activate()
            logind.lock()
            app.wait_for_row("open = 1 and state = 'locked'")
            logind.unlock()
            wait_until(lambda: not app.rows("state = 'locked' and open = 1"), SECONDS, "the unlock")
        pass_of(app)
        everything.assert_holds_no_secret()
        show(app, windows, first)
        logind.prepare_for_sleep(begins=True)
        logind.prepare_for_sleep(begins=False)
        app.ask("pause", until=None)
        app.ask("resume")
        text = user.paths.config_file.read_text("utf-8")
        replace_config(user, text + "language: 7\n")
        wait_until(lambda: "language" in notified(desktop), SECONDS, "the notification")
        replace_config(user, text + "    - {title: another rule}\n")
        wait_until(lambda: "valid again" in notified(desktop), SECONDS, "the notification")
        show_allowed(app, window, "before looking back")
        await_on_server(central, f"{ALLOWED} before looking back")
        in_front.activate()
        look_back(app, desktop)
        pass_of(app)
        everything.assert_holds_no_secret()
        # Straight before the end.
        show_allowed(app, window, "before the end")
        windows.open(first.application, first.title)
        assert app.stop() == 0
        logind.stop()
    everything.assert_holds_no_secret()
    everything.assert_server_holds_no_secret()


@pytest.mark.parametrize("kind", ["an ignored title", "a part of a title", "a password manager"])
def test_a_kill_straight_after_a_secret_was_shown_leaves_nothing_of_it(
    make_app: MakeApp, everything: Everything, windows: Windows, kind: str
) -> None:
    secret = SECRETS[kind]
    in_front = windows.open(secret.application, secret.title)
    app = make_app(everything.desktop, "--no-tray").start()
    window = windows.open("Editor", "nothing yet")
    for number in range(3):
        show_allowed(app, window, f"before kill {number}")
        in_front.activate()
        window.set_title("The salary list of qzxmanagers")
        window.activate()
        app.kill()
        everything.assert_holds_no_secret()
        app.start()
    show_allowed(app, window, "at the end")
    await_on_server(everything.central, f"{ALLOWED} at the end")
    in_front.activate()
    assert app.stop() == 0
    everything.assert_holds_no_secret()
    everything.assert_server_holds_no_secret()
