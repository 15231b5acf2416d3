"""The script in a real KWin without a screen, with real windows, and the program that it tells.

How it can fail: a change is not told, or told late; KWin's own additions are taken for titles;
X11 programs have another name than under X11; a killed program's script stays in KWin for ever; a
KWin that restarts is not found again; idle time is not told.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reprospective_tray.monitor.probes import open_probe
from reprospective_tray.monitor.probes.base import ProbeLostError
from reprospective_tray.monitor.probes.kwin import script as kwin_script
from reprospective_tray.monitor.probes.kwin.probe import KWinProbe
from reprospective_tray.monitor.probes.wayland.connection import WaylandConnection
from tests.bystander import is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.windows import Windows
from tests.support import User, wait_until
from tests.wayland.kwin_desktop import KWIN, Client, KWinDesktop
from tests.wayland.stand_ins import ROOT

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(KWIN is None, reason="kwin_wayland is not installed (kwin-wayland)"),
]
SECONDS = 5.0
# A change is told within a millisecond or two.
TOLD_MS = 500
EXACT_MS = 200
APP = "org.example.Editor"
# What a program that is killed leaves behind.
LEAVING = """
from reprospective_tray.monitor.probes.kwin.probe import KWinProbe
probe = KWinProbe()
print(probe._script._name, flush=True)
while True:
    probe.wait(60)
    print(probe.current(), flush=True)
"""
# KWin 6 as far as the script sees it, in front of KWin 5's engine.
SIX = """
(function (workspace) { @SCRIPT@ }({
    activeWindow: null,
    windowActivated: {connect: function (activate) {
        var renamed, window = {
            caption: "KWin 6 <2>", captionNormal: "KWin 6", resourceClass: "six", pid: 6,
            desktopFileName: "six", internalId: "{6}",
            captionChanged: {connect: function (told) { renamed = told; }, disconnect: Object},
        };
        var timer = new QTimer();
        timer.interval = 100;
        timer.timeout.connect(function () {
            if (renamed) {
                timer.stop();
                window.captionNormal = "renamed \\ud83d\\ude00 \\u00e4";
                renamed();
            } else {
                activate(window);
            }
        });
        timer.start();
    }},
}));
"""


class Person:
    """Whose input KWin is told of, as by a person at the keyboard."""

    def __init__(self, display: str) -> None:
        from pywayland.protocol.wayland import WlSeat

        from reprospective_tray.monitor.probes.wayland.protocols import KdeIdle

        self._connection = WaylandConnection(display)
        idle = self._connection.bind(KdeIdle)
        self._timeout = idle.get_idle_timeout(self._connection.bind(WlSeat), 3_600_000)

    def act(self) -> None:
        self._timeout._marshal(1)  # simulate_user_activity
        self._connection.complete()

    def close(self) -> None:
        self._timeout.release()
        self._connection.close()


@pytest.fixture(scope="module")
def desktop() -> Iterator[KWinDesktop]:
    with KWinDesktop() as made:
        yield made


@pytest.fixture
def own_desktop() -> Iterator[KWinDesktop]:
    """KWin for one test alone, which may kill it."""
    with KWinDesktop() as made:
        yield made


@pytest.fixture
def client(desktop: KWinDesktop) -> Iterator[Client]:
    with Client(desktop) as made:
        yield made


@pytest.fixture
def person(desktop: KWinDesktop) -> Iterator[Person]:
    made = Person(str(desktop.folder / "run" / desktop.env["WAYLAND_DISPLAY"]))
    yield made
    made.close()


def enter(desktop: KWinDesktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process one of the desktop's."""
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.setenv(name, desktop.env[name])
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")


@pytest.fixture
def probe(desktop: KWinDesktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[KWinProbe]:
    enter(desktop, monkeypatch)
    made = KWinProbe()
    yield made
    made.close()


def await_seen(probe: KWinProbe, application: str, title: str) -> None:
    """Wait until that window is told of; what is between two windows may be told before."""
    deadline = time.monotonic() + SECONDS
    while (seen := probe.current()) is None or (
        (seen.application_name, seen.window_title) != (application, title)
    ):
        left_s = deadline - time.monotonic()
        assert left_s > 0, f"seen last: {seen}"
        age = probe.wait(left_s)
        assert age is None or is_near(age, 0, TOLD_MS)


def await_none(probe: KWinProbe) -> None:
    deadline = time.monotonic() + SECONDS
    while probe.current() is not None:
        left_s = deadline - time.monotonic()
        assert left_s > 0
        probe.wait(left_s)


def test_windows_titles_and_their_end_are_told(probe, desktop, client):
    assert probe.current() is None
    client.open(1, APP, "one")
    await_seen(probe, APP, "one")
    assert probe.current().process_id == client.process.pid
    client.rename(1, "one, renamed: ü 😀")
    await_seen(probe, APP, "one, renamed: ü 😀")
    client.open(2, "org.gnome.Terminal", "two")
    await_seen(probe, "Gnome-terminal", "two")
    # What changes behind is not told.
    client.rename(1, "behind")
    assert probe.wait(0.3) is None
    desktop.activate("behind")
    await_seen(probe, APP, "behind")
    client.close(1)
    await_seen(probe, "Gnome-terminal", "two")
    client.close(2)
    await_none(probe)


def test_a_window_that_says_nothing_of_itself_has_its_programs_name(probe, client):
    client.open(1, "", None)
    await_seen(probe, Path(sys.executable).resolve().name, "")
    client.close(1)
    await_none(probe)


def test_the_number_of_an_equal_title_is_no_part_of_it(probe, client):
    client.open(1, APP, "same")
    await_seen(probe, APP, "same")
    first = probe.current().window_id
    client.open(2, APP, "same")
    wait_until(lambda: probe.wait(0.1) is not None, SECONDS, "the other window")
    await_seen(probe, APP, "same")
    assert probe.current().window_id != first
    for number in (1, 2):
        client.close(number)
    await_none(probe)


def test_a_title_that_is_as_long_as_a_page_is_told(probe, client):
    client.open(1, APP, "x" * 3_500)
    await_seen(probe, APP, "x" * 3_500)
    client.close(1)
    await_none(probe)


def test_a_window_of_xwayland_is_spelled_as_under_x11(probe, desktop, client):
    client.open(1, APP, "of Wayland")
    await_seen(probe, APP, "of Wayland")
    with Windows(desktop.env["DISPLAY"]) as windows:
        window = windows.open("SpelledSo", "of X11", activate=False)
        desktop.activate("of X11")
        await_seen(probe, "SpelledSo", "of X11")
        window.set_title("renamed")
        await_seen(probe, "SpelledSo", "renamed")
        window.close()
        await_seen(probe, APP, "of Wayland")
    client.close(1)
    await_none(probe)


def test_the_script_goes_with_the_probe(desktop, monkeypatch):
    enter(desktop, monkeypatch)
    with closing(open_probe(1.0)) as probe:
        assert isinstance(probe, KWinProbe)
        name = probe._script._name
        assert desktop.has_script(name)
    wait_until(lambda: not desktop.has_script(name), SECONDS, "the end of the script")


def test_a_script_whose_number_is_anothers_runs(desktop, client, monkeypatch):
    enter(desktop, monkeypatch)
    client.open(1, APP, "in front")
    with closing(KWinProbe()) as first, closing(KWinProbe()) as second:
        name = first._script._name
        first.close()
        wait_until(lambda: not desktop.has_script(name), SECONDS, "the end of the first")
        with closing(KWinProbe()) as third:
            client.rename(1, "seen by both")
            await_seen(second, APP, "seen by both")
            await_seen(third, APP, "seen by both")


def test_the_script_of_a_killed_program_goes_by_itself(desktop, client):
    client.open(1, APP, "in front")
    command = [sys.executable, "-c", LEAVING]
    left = desktop.start(command, cwd=ROOT, stdout=subprocess.PIPE)
    name = left.stdout.readline().decode().strip()
    assert desktop.has_script(name)
    left.kill()
    left.wait()
    left.stdout.close()
    for number in range(40):
        client.rename(1, f"change {number}")
    wait_until(lambda: not desktop.has_script(name), SECONDS, "the end of the script")


def test_a_program_that_stood_still_keeps_its_script_and_hears_what_is_in_front(desktop, client):
    client.open(1, APP, "in front")
    command = [sys.executable, "-c", LEAVING]
    still = desktop.start(command, cwd=ROOT, stdout=subprocess.PIPE)
    name = still.stdout.readline().decode().strip()
    still.send_signal(signal.SIGSTOP)
    for number in range(40):
        client.rename(1, f"change {number}")
    # KWin has taken the last of them by then.
    desktop.activate("change 39")
    assert desktop.has_script(name)
    still.send_signal(signal.SIGCONT)
    heard = []
    while not heard or "change 39" not in heard[-1]:
        heard.append(still.stdout.readline().decode())
    assert len(heard) < 30
    still.kill()
    still.wait()
    still.stdout.close()


def test_a_flood_of_titles_ends_with_the_last_one(probe, client):
    client.open(1, APP, "first")
    await_seen(probe, APP, "first")
    # As many as fit into the client's socket while KWin does something else.
    for number in range(200):
        client.rename(1, f"title {number}")
    await_seen(probe, APP, "title 199")
    client.close(1)
    await_none(probe)


@pytest.mark.usefixtures("client")
def test_the_names_of_kwin_6_lead_to_the_same(desktop, monkeypatch):
    enter(desktop, monkeypatch)
    script = SIX.replace("@SCRIPT@", kwin_script._SCRIPT)
    monkeypatch.setattr(kwin_script, "_SCRIPT", script)
    with closing(KWinProbe()) as probe:
        await_seen(probe, "six", "KWin 6")
        await_seen(probe, "six", "renamed 😀 ä")


def test_idle_time_is_told_from_a_second_on_and_its_end_at_once(probe, person):
    assert probe.learns_idle_s == 1
    assert probe.watch_idle(2_000)
    person.act()
    began = time.monotonic()
    assert probe.wait(2.5) is None
    idle_ms = probe.idle_ms()
    assert is_near(idle_ms, round((time.monotonic() - began) * 1000), EXACT_MS)
    person.act()
    assert probe.wait(SECONDS) is None
    assert probe.idle_ms() < 200


def test_a_kwin_that_is_killed_and_comes_back_is_found_again(own_desktop, monkeypatch):
    enter(own_desktop, monkeypatch)
    with closing(KWinProbe()) as probe:
        own_desktop.kill_kwin()
        with pytest.raises(ProbeLostError):
            probe.wait(SECONDS)
    own_desktop.start_kwin()
    enter(own_desktop, monkeypatch)
    with Client(own_desktop) as client, closing(KWinProbe()) as probe:
        client.open(1, APP, "after it")
        await_seen(probe, APP, "after it")


def test_the_whole_program_records_what_kwin_tells(own_desktop, user: User):
    user.write_config("monitor: {idle_after: 2}")
    person = Person(str(own_desktop.folder / "run" / own_desktop.env["WAYLAND_DISPLAY"]))
    env = own_desktop.env
    app = AppUnderTest(user, env, "--no-tray")
    # Where the compositor's socket is, as in any session.
    app.env["XDG_RUNTIME_DIR"] = env["XDG_RUNTIME_DIR"]
    with app, Client(own_desktop) as client:
        app.start()
        client.open(1, APP, "one")
        row = app.wait_for_row("window_title = 'one'")
        assert (row["application_name"], row["process_id"]) == (APP, client.process.pid)
        person.act()
        renamed_at = time.time_ns() // 1_000_000
        client.rename(1, "two")
        assert is_near(app.wait_for_row("window_title = 'two'")["started_at"], renamed_at, 100)
        person.act()
        left_at = time.time_ns() // 1_000_000
        idle = app.wait_for_row("state = 'idle'")
        assert is_near(idle["started_at"], left_at, EXACT_MS)
        person.act()
        back_at = time.time_ns() // 1_000_000
        app.wait_for_row(f"state = 'active' and open = 1 and started_at >= {back_at - 200}")
        assert is_near(app.rows("state = 'idle'")[0]["ended_at"], back_at, EXACT_MS)
        person.close()
        own_desktop.kill_kwin()
        wait_until(lambda: app.ask("status")["lack"], SECONDS, "the alarm")
        own_desktop.start_kwin()
        wait_until(lambda: not app.ask("status")["lack"], SECONDS, "the new KWin")
        with Client(own_desktop) as another:
            another.open(1, APP, "after the restart")
            app.wait_for_row("window_title = 'after the restart'")
            assert app.stop() == 0
