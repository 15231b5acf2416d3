"""The doctor as a command, on desktops with and without what it looks for."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.bystander import at_most
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.command_line import ROOT, assert_refused, command_of
from tests.desktop.silence import SilentBus
from tests.desktop.windows import Windows
from tests.server.central import Central
from tests.server.proxy import Proxy
from tests.support import PATIENCE_S, User, wait_until

SECONDS = 10.0
KEYS = ["name", "found", "needed", "detail", "remedy"]
NAMES = [
    *("program", "config", "instance", "session", "display", "windows", "idle"),
    *("bus", "tray", "notifications", "database", "rights", "disk", "server", "autostart"),
]
NEEDED = {"config", "display", "windows", "database", "rights", "disk"}

MakeApp = Callable[..., AppUnderTest]
Report = dict[str, dict[str, Any]]


def examine(app: AppUnderTest, *, well: bool = True) -> Report:
    """Return what the doctor finds, by name; it says on stdout nothing but JSON."""
    done = app.cli("doctor", "--json", check=False)
    assert done.stderr == "", done.stdout
    said = json.loads(done.stdout)
    assert list(said) == ["well", "checks"]
    assert (said["well"], done.returncode) == (well, 0 if well else 1), said
    assert [list(each) for each in said["checks"]] == [KEYS] * len(said["checks"])
    return {each["name"]: each for each in said["checks"]}


def missing(report: Report) -> set[str]:
    return {name for name, each in report.items() if each["needed"] and each["found"] is False}


def test_on_a_whole_desktop_all_is_found_while_the_program_runs(
    app: AppUnderTest, desktop: VirtualDesktop, windows: Windows
) -> None:
    windows.open("Editor", "a private title")
    app.wait_for_row("window_title = 'a private title'")
    wait_until(lambda: app.ask("status")["has_menu"], SECONDS, "the icon in the panel")
    report = examine(app)
    assert list(report) == [*NAMES[:11], "integrity", *NAMES[11:]]
    found = {name for name, each in report.items() if each["found"]}
    assert found == set(report) - {"server", "autostart"}
    assert report["display"]["detail"] == f"X server :{desktop.display}, 1280 x 800 pixels"
    assert report["windows"]["detail"] == "In front now: Editor (x11)"
    assert str(app.process.pid) in report["instance"]["detail"]
    assert "dunst" in report["notifications"]["detail"]
    assert "journal WAL" in report["database"]["detail"]
    assert "a private title" not in json.dumps(report)
    assert {name for name, each in report.items() if each["needed"]} == NEEDED | {"integrity"}
    assert [name for name, each in report.items() if each["remedy"]] == ["autostart"]


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns, path.lstat().st_mode)
        for path in folder.rglob("*")
    }


def test_before_the_first_start_nothing_is_missing_and_nothing_is_made(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    app = make_app(desktop)
    before = snapshot(user.folder)
    report = examine(app)
    assert list(report) == NAMES
    assert (report["database"]["found"], report["instance"]["found"]) == (None, False)
    assert "reprospective-tray run" in report["database"]["remedy"]
    assert snapshot(user.folder) == before


def test_after_a_kill_the_files_stay_as_they_were_left(
    app: AppUnderTest, user: User, windows: Windows
) -> None:
    windows.open("Editor", "a title")
    app.wait_for_row("1")
    app.kill()
    before = snapshot(user.folder)
    report = examine(app)
    assert report["instance"]["found"] is False
    assert report["database"]["found"]
    after = snapshot(user.folder)
    # SQLite's own index of its WAL, which every reader keeps in order.
    for files in (before, after):
        files.pop(f"{user.database}-shm")
    assert after == before


def test_the_table_is_for_people_and_in_their_language(app: AppUnderTest, windows: Windows) -> None:
    windows.open("Editor", "a title")
    app.wait_for_row("window_title = 'a title'")
    lines = app.cli("doctor").stdout.splitlines()
    assert "found      Windows          In front now: Editor (x11)" in lines
    assert lines[-1] == "Everything required was found."
    app.env["LANG"] = "ja_JP.UTF-8"
    assert app.cli("doctor").stdout.splitlines()[-1]


def test_an_application_that_a_privacy_rule_ignores_is_not_named(
    make_app: MakeApp, desktop: VirtualDesktop, user: User, windows: Windows
) -> None:
    user.write_config("privacy: {rules: [{application: secret}]}")
    windows.open("Secret", "a title")
    app = make_app(desktop).start()
    wait_until(
        lambda: "privacy rule" in examine(app)["windows"]["detail"], SECONDS, "the window in front"
    )
    assert "Secret" not in app.cli("doctor").stdout


def test_a_statusnotifier_panel_is_found(
    make_app: MakeApp, statusnotifier_desktop: VirtualDesktop
) -> None:
    report = examine(make_app(statusnotifier_desktop))
    assert report["tray"]["found"]
    assert "StatusNotifier" in report["tray"]["detail"]


def test_a_desktop_without_panel_and_notifications_lacks_nothing_that_is_needed(
    make_app: MakeApp,
) -> None:
    with VirtualDesktop(panel=None) as bare:
        report = examine(make_app(bare))
    assert "No tray was found" in report["tray"]["detail"]
    assert "GNOME" in report["tray"]["remedy"]
    assert (report["notifications"]["found"], report["bus"]["found"]) == (False, True)
    assert "dunst" in report["notifications"]["remedy"]


def test_without_pygobject_it_says_what_is_lacking(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    (user.folder / "gi.py").write_text("raise ImportError('hidden by the test')\n")
    app = make_app(desktop)
    app.env["PYTHONPATH"] = str(user.folder)
    report = examine(app)
    assert "has no menu" in report["tray"]["detail"]
    assert "python3-gi" in report["tray"]["remedy"]
    assert report["bus"]["found"]
    assert "dunst" in report["notifications"]["detail"]


@pytest.mark.parametrize("name", ["", ":4711"])
def test_without_a_display_it_says_so(
    make_app: MakeApp, desktop: VirtualDesktop, name: str
) -> None:
    app = make_app(desktop)
    # python-xlib leaves the socket of a display that does not answer to be warned of.
    app.env |= {"DISPLAY": name, "PYTHONWARNINGS": ""}
    report = examine(app, well=False)
    assert missing(report) == {"display", "windows"}
    assert report["display"]["remedy"]
    assert report["session"]["found"] is bool(name)
    assert report["tray"]["found"] is False


def test_in_a_wayland_session_it_says_what_can_be_seen(
    make_app: MakeApp, desktop: VirtualDesktop
) -> None:
    app = make_app(desktop)
    app.env |= {"XDG_SESSION_TYPE": "wayland", "WAYLAND_DISPLAY": "wayland-0"}
    report = examine(app, well=False)
    assert missing(report) == {"display", "windows"}
    assert report["windows"]["detail"].startswith("The Wayland compositor does not answer. (wlr: ")
    assert "X11" in report["windows"]["remedy"]
    assert report["session"]["detail"] == "Wayland"
    app.user.write_config("monitor: {probe: x11}")
    report = examine(app, well=False)
    assert missing(report) == {"display"}
    assert "only windows of X11 programs" in report["windows"]["detail"]
    assert "monitor.probe" in report["windows"]["remedy"]


@pytest.fixture
def silent_bus(user: User) -> Iterator[SilentBus]:
    made = SilentBus(Path(user.env["XDG_RUNTIME_DIR"], "silent"), is_said=True)
    try:
        yield made
    finally:
        made.close()


def test_a_bus_that_says_nothing_holds_up_nothing(
    make_app: MakeApp, desktop: VirtualDesktop, silent_bus: SilentBus
) -> None:
    app = make_app(desktop)
    for name in ("NO_AT_BRIDGE", "GTK_A11Y"):
        app.env.pop(name)
    app.env |= silent_bus.env
    with at_most(SECONDS):
        report = examine(app)
    assert silent_bus.asked.is_set()
    assert report["bus"]["found"] is False
    assert "does not answer" in report["bus"]["detail"]
    assert report["tray"]["found"]


@pytest.mark.long
def test_an_x_server_that_says_nothing_holds_up_nothing(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    silent = SilentBus(user.folder / "X", is_said=True)
    number = 7000 + os.getpid() % 1000
    link = Path(f"/tmp/.X11-unix/X{number}")  # noqa: S108  where X servers listen
    link.symlink_to(user.folder / "X")
    try:
        app = make_app(desktop)
        app.env["DISPLAY"] = f":{number}"
        with at_most(2 * SECONDS):
            done = app.cli("doctor", "--json", check=False)
        report = {each["name"]: each for each in json.loads(done.stdout)["checks"]}
        assert done.returncode == 1
        assert missing(report) == {"display", "windows"}
        assert "No answer within 10 s" in report["display"]["detail"]
        assert report["rights"]["found"]
    finally:
        link.unlink()
        silent.close()


def test_a_damaged_database_is_missing(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    user.database.parent.mkdir(parents=True)
    user.database.write_bytes(b"no database" * 1000)
    report = examine(make_app(desktop), well=False)
    assert missing(report) == {"database"}
    assert "is damaged" in report["database"]["detail"]
    assert user.database.read_bytes() == b"no database" * 1000


def test_an_instance_that_cannot_be_asked_is_missing(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    app = make_app(desktop).start()
    user.paths.instance_file.unlink()
    report = examine(app, well=False)
    assert missing(report) == {"instance"}
    assert report["instance"]["remedy"]


def test_the_server_that_is_sent_to_is_needed(
    make_app: MakeApp, desktop: VirtualDesktop, user: User, central: Central, proxy: Proxy
) -> None:
    user.write_config(f"""
database:
  remote:
    host: {proxy.host}
    port: {proxy.port}
    database: {central.database.name}
    user: {central.person.name}
    password: {central.person.password}
  sync: {{enabled: true}}
""")
    app = make_app(desktop)
    report = examine(app)
    server = {name: each["found"] for name, each in report.items() if "server" in name}
    assert server == {
        **dict.fromkeys(("server", "server_rights", "server_schema"), True),
        "server_clock": True,
        "server_latency": True,
        "server_tls": None,
    }
    assert central.person.password not in json.dumps(report)
    proxy.refuse()
    report = examine(app, well=False)
    assert missing(report) == {"server"}
    assert report["server"]["remedy"]


def test_start_at_login_never_fails_it(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    app = make_app(desktop)
    app.cli("autostart", "enable")
    assert examine(app)["autostart"]["found"]
    entry = user.paths.config.parent / "autostart" / "reprospective-tray.desktop"
    entry.write_text(entry.read_text().replace(sys.executable, "/gone/python"))
    found = examine(app)["autostart"]
    assert (found["found"], found["needed"]) == (False, False)
    assert "/gone/python" in found["detail"]
    assert "autostart enable" in found["remedy"]


def test_a_wrong_config_is_exit_2(user: User) -> None:
    file = user.write_config("monitor: {heartbeat: 0}\n")
    for words in (("doctor",), ("doctor", "--json")):
        assert_refused(command_of(user)(*words), 2, str(file), "monitor.heartbeat")


def test_without_a_desktop_or_a_bus_it_works_and_leaves_no_warning(user: User) -> None:
    done = command_of(user)("doctor", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    report = {each["name"]: each for each in json.loads(done.stdout)["checks"]}
    assert missing(report) == {"display", "windows"}
    assert report["bus"]["found"] is False


def test_who_interrupts_it_is_not_kept(
    make_app: MakeApp, desktop: VirtualDesktop, user: User
) -> None:
    silent = SilentBus(user.folder / "S", is_said=True)
    app = make_app(desktop)
    with closing(silent):
        process = subprocess.Popen(
            # Shells let what they start in the background ignore it.
            ["env", "--default-signal=INT", sys.executable, "-m", "reprospective_tray", "doctor"],
            cwd=ROOT,
            env={**app.env, **silent.env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert silent.asked.wait(PATIENCE_S)
        with at_most(SECONDS):
            process.send_signal(2)
            assert process.wait(PATIENCE_S) == 130
