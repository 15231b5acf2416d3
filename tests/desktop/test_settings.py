"""Settings that are changed while the real program runs."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.bystander import is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.test_sync_tray import await_on_server, configure
from tests.desktop.windows import Windows
from tests.server.central import Central
from tests.support import User, wait_until

SECONDS = 15.0
QUIET = "notifications: {first_start: false}\nmonitor: {heartbeat: 1}\n"
# What the change of settings may take from recording.
GAP_MS = 1_500

MakeApp = Callable[..., AppUnderTest]


def replace_config(user: User, text: str) -> None:
    """Save as most editors do: a new file, moved over the old one."""
    new = user.paths.config / "config.yaml.new"
    user.paths.config.mkdir(parents=True, exist_ok=True)
    new.write_text(text, "utf-8")
    os.replace(new, user.paths.config_file)  # noqa: PTH105  what is tested


def await_said(app: AppUnderTest, text: str, times: int = 1) -> None:
    wait_until(lambda: app.output().count(text) >= times, SECONDS, text)


def notified(desktop: VirtualDesktop) -> str:
    desktop.run("dunstctl", "close-all")
    shown = json.loads(desktop.run("dunstctl", "history"))["data"][0]
    return "\n".join(one["body"]["data"] for one in shown)


def files_with(app: AppUnderTest, text: str) -> set[str]:
    folders = (app.user.paths.data, app.user.paths.state, app.user.paths.log)
    found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return {path.name for path in found if text.encode() in path.read_bytes()}


@pytest.mark.parametrize("with_file", [True, False])
def test_a_new_privacy_rule_takes_effect_without_a_restart_and_costs_no_session(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, with_file: bool
) -> None:
    if with_file:
        user.write_config(QUIET)
    app = make_app(desktop).start()
    window = windows.open("Editor", "before the rule")
    app.wait_for_row("window_title = 'before the rule' and open = 1")
    replace_config(user, QUIET + "privacy: {rules: [{title: qzxsecret}]}\n")
    await_said(app, "the changed settings have been applied")
    # The window that was open all the time goes on.
    row = app.wait_for_row("window_title = 'before the rule' and open = 1")
    window.set_title("qzxsecret diary")
    wait_until(lambda: not app.rows("open = 1"), SECONDS, "the end of what may be recorded")
    window.set_title("after the secret")
    app.wait_for_row("window_title = 'after the secret'")
    assert app.stop() == 0
    assert not files_with(app, "qzxsecret")
    rows = app.rows()
    assert all(one["ended_at"] <= two["started_at"] for one, two in pairwise(rows))
    before = [one for one in rows if one["ended_at"] <= row["started_at"]][-1]
    assert is_near(row["started_at"], before["ended_at"], GAP_MS)


def test_a_broken_file_is_said_with_its_line_the_old_settings_hold_and_so_is_its_mending(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    rule = "privacy: {rules: [{title: qzxsecret}]}\n"
    user.write_config(QUIET + rule)
    app = make_app(desktop).start()
    window = windows.open("Editor", "well")
    app.wait_for_row("window_title = 'well'")
    replace_config(user, QUIET + "privacy: {rules: 7}\n")
    wait_until(lambda: "Line 3" in str(app.ask("status")["problem"]), SECONDS, "the problem")
    assert app.ask("status")["mode"] == "attention"
    said = app.cli("status").stdout
    assert "Still using your previous settings" in said
    assert "privacy.rules" in said
    app.cli("pause")
    app.cli("resume")
    window.set_title("qzxsecret")
    window.set_title("well again")
    app.wait_for_row("window_title = 'well again'")
    assert not files_with(app, "qzxsecret")
    wait_until(lambda: "Line 3" in notified(desktop), SECONDS, "the notification")
    replace_config(user, QUIET + rule)
    wait_until(lambda: app.ask("status")["problem"] == "", SECONDS, "the end of the problem")
    wait_until(lambda: "valid again" in notified(desktop), SECONDS, "the notification")
    assert app.ask("status")["mode"] == "recording"
    assert app.stop() == 0


@pytest.mark.long
def test_what_is_to_be_forgotten_while_settings_change_is_forgotten(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config(QUIET)
    app = make_app(desktop, "--no-tray").start()
    windows.open("Editor", "to go")
    app.wait_for_row("window_title = 'to go' and ended_at > started_at")
    for number in range(3):
        path = f"database: {{local: {{path: data/file{number}.db}}}}\n"
        replace_config(user, QUIET + path)
        app.database = app.database.with_name(f"file{number}.db")
        # As often as can be asked until they are in force: none is refused.
        while not app.database.exists() or not app.rows("open = 1"):
            app.ask("forget", since=0)
        app.wait_for_row("window_title = 'to go' and ended_at > started_at")
        assert app.ask("forget", since=0)["sessions"] >= 1
    assert app.stop() == 0


def test_another_database_is_recorded_into_from_then_on_and_the_one_before_is_left_whole(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    user.write_config(QUIET)
    app = make_app(desktop).start()
    windows.open("Editor", "in both")
    app.wait_for_row("window_title = 'in both' and ended_at > started_at")
    app.ask("pause", until=None)
    replace_config(user, QUIET + "database: {local: {path: data/other.db}}\n")
    await_said(app, "other.db")
    first = app.database
    assert app.ask("status")["paused"]
    assert str(app.ask("status")["data_path"]).endswith("other.db")
    with closing(sqlite3.connect(first)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("delete",)
    assert app.rows("open = 1") == []
    app.ask("resume")
    last = app.rows()[-1]
    app.database = first.with_name("other.db")
    assert app.wait_for_row("window_title = 'in both'")["started_at"] >= last["ended_at"]
    assert app.stop() == 0


@pytest.mark.long
def test_sending_that_is_turned_on_sends_what_was_recorded_before_and_off_ends_it(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, central: Central
) -> None:
    user.write_config(QUIET)
    app = make_app(desktop, "--no-tray").start()
    window = windows.open("Editor", "recorded before")
    app.wait_for_row("window_title = 'recorded before' and ended_at > started_at")
    configure(user, central, "interval: 5")
    await_on_server(central, "recorded before")
    window.set_title("recorded while it sends")
    await_on_server(central, "recorded while it sends")
    # Other rules of recording leave sending as it is.
    text = user.paths.config_file.read_text("utf-8")
    user.write_config(text + "privacy: {rules: [{title: qzxsecret}]}\n")
    await_said(app, "the changed settings have been applied", times=2)
    window.set_title("recorded by the next monitor")
    await_on_server(central, "recorded by the next monitor")
    user.write_config(QUIET)
    wait_until(lambda: not app.ask("status")["sync"]["enabled"], SECONDS, "the end of sending")
    assert app.stop() == 0
    rows = app.rows()
    assert all(one["ended_at"] <= two["started_at"] for one, two in pairwise(rows))


def test_the_language_changes_while_it_runs(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    user.write_config(QUIET)
    app = make_app(desktop, "--no-tray")
    del app.env["DISPLAY"]
    app.start()
    wait_until(lambda: "No window" in str(app.ask("status")["problem"]), SECONDS, "English")
    replace_config(user, QUIET + "language: ja\n")
    wait_until(lambda: "No window" not in str(app.ask("status")["problem"]), SECONDS, "Japanese")
    assert app.ask("status")["problem"]
