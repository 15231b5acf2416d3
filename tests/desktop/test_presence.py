"""Lock, user switching, sleep and log-out, from a bus's signal to the row on the disk.

How it can fail: locked time begins late, or counts as work or as idle; one source's unlock ends
another's lock; the computer sleeps before the session's end is written; a session outlives the
log-out; a bus that is gone takes recording with it, or is never listened to again.
"""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.bystander import at_most, is_near
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.mocked_services import SESSION_ID, Buses, Logind, Service, Switch
from tests.desktop.test_tray_silent_bus import SilentBus
from tests.desktop.windows import Windows, now_ms
from tests.support import PATIENCE_S, User, wait_until

SECONDS = 15.0
# What is asked for is the second; a signal takes some milliseconds.
EXACT_MS = 250
# From the signal to the end of the process, interpreter included.
END_S = 3.0
GNOME = "org.gnome.ScreenSaver"
GNOME_PATH = "/org/gnome/ScreenSaver"

MakeApp = Callable[..., AppUnderTest]


@pytest.fixture
def buses(desktop: VirtualDesktop) -> Iterator[Buses]:
    """A system bus beside the desktop's session bus."""
    with Buses(desktop) as made:
        yield made


@pytest.fixture
def logind(desktop: VirtualDesktop, buses: Buses) -> Iterator[Logind]:
    """logind, with this user's session in it."""
    made = Logind(desktop, buses.system, os.getuid())
    yield made
    made.stop()


def start(make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, *arguments) -> AppUnderTest:
    """Start the app with a window in front; return it once it listens to logind."""
    windows.open("Editor", "in use")
    app = make_app(desktop, *arguments or ("--no-tray",)).start()
    app.wait_for_row("window_title = 'in use' and open = 1")
    wait_until(lambda: "listening to the system bus" in app.output(), SECONDS, "the system bus")
    wait_until(lambda: "listening to the session bus" in app.output(), SECONDS, "the session bus")
    return app


def moment(deed: Callable[[], object]) -> int:
    """Do `deed`, and return when it began."""
    at = now_ms()
    deed()
    return at


def assert_at(moment: int, at: int) -> None:
    assert at - 1 <= moment
    assert is_near(moment, at, EXACT_MS)


def await_locked(app: AppUnderTest, at: int) -> sqlite3.Row:
    row = app.wait_for_row("state = 'locked' and open = 1")
    assert_at(row["started_at"], at)
    assert (row["application_name"], row["window_title"]) == ("", "")
    return row


def await_active(app: AppUnderTest, since: int) -> sqlite3.Row:
    return app.wait_for_row(f"state = 'active' and open = 1 and started_at >= {since}")


def test_locked_time_is_from_the_lock_to_the_unlock_and_leaves_no_gap(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(logind.lock))
    unlocked_at = moment(logind.unlock)
    after = await_active(app, unlocked_at)
    assert_at(after["started_at"], unlocked_at)
    assert after["window_title"] == "in use"
    app.stop()
    before, locked, after = app.rows()
    assert before["ended_at"] == locked["started_at"]
    assert locked["ended_at"] == after["started_at"]


def test_a_locked_screen_is_called_locked_and_not_idle(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(logind.lock))
    wait_until(lambda: app.ask("status")["mode"] == "locked", SECONDS, "the mode")
    assert app.cli("status").stdout.startswith("The screen is locked (process ")
    await_active(app, moment(logind.unlock))
    wait_until(lambda: app.ask("status")["mode"] == "recording", SECONDS, "the mode")
    assert app.cli("status").stdout.startswith("Recording (process ")


def test_a_windows_change_behind_the_lock_is_recorded_by_its_unlock_alone(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(lambda: logind.hint_locked(on=True)))
    windows.open("Mail", "came while nobody was there")
    unlocked_at = moment(lambda: logind.hint_locked(on=False))
    after = await_active(app, unlocked_at)
    assert_at(after["started_at"], unlocked_at)
    assert after["window_title"] == "came while nobody was there"


def test_another_persons_session_in_front_is_locked_time(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(lambda: logind.activate(on=False)))
    back_at = moment(lambda: logind.activate(on=True))
    assert_at(await_active(app, back_at)["started_at"], back_at)


@pytest.fixture
def saver(desktop: VirtualDesktop, buses: Buses) -> Iterator[Service]:
    """GNOME's screen saver."""
    made = Service(desktop, buses.session, GNOME, "--session", "--template", "gnome_screensaver")
    yield made
    made.stop()


def cover(saver: Service, *, on: bool) -> None:
    saver.bus.call(GNOME, GNOME_PATH, GNOME, "SetActive", "b", on)


def test_the_first_that_says_locked_counts_and_unlocked_is_when_all_say_so(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(lambda: logind.hint_locked(on=True)))
    logind.activate(on=False)
    logind.hint_locked(on=False)
    unlocked_at = moment(lambda: logind.activate(on=True))
    assert_at(await_active(app, unlocked_at)["started_at"], unlocked_at)
    assert len(app.rows("state = 'locked'")) == 1


def test_what_logind_unlocks_stays_locked_while_the_screen_saver_says_so(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind, saver: Service
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(lambda: cover(saver, on=True)))
    logind.hint_locked(on=True)
    logind.hint_locked(on=False)
    # By the same way as the unlock, and so after it.
    sleeps_at = moment(lambda: logind.prepare_for_sleep(begins=True))
    assert_at(app.wait_for_row("state = 'locked' and open = 0")["ended_at"], sleeps_at)
    assert len(app.rows("state = 'locked'")) == 1
    cover(saver, on=False)
    wakes_at = moment(lambda: logind.prepare_for_sleep(begins=False))
    assert_at(await_active(app, wakes_at)["started_at"], wakes_at)


@pytest.mark.parametrize(
    "name",
    [
        "org.freedesktop.ScreenSaver",
        "org.cinnamon.ScreenSaver",
        "org.mate.ScreenSaver",
        "org.xfce.ScreenSaver",
    ],
)
def test_a_screen_saver_locks_and_one_that_crashes_does_not_for_ever(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, buses: Buses, name: str
) -> None:
    app = start(make_app, desktop, windows)
    # It comes when the program runs already.
    saver = Switch(desktop, buses.session, name)
    await_locked(app, moment(lambda: saver.turn(on=True)))
    unlocked_at = moment(lambda: saver.turn(on=False))
    await_active(app, unlocked_at)
    locked_at = moment(lambda: saver.turn(on=True))
    app.wait_for_row(f"state = 'locked' and started_at >= {locked_at}")
    gone_at = moment(saver.stop)
    await_active(app, gone_at)


def test_a_signal_of_somebody_else_on_the_bus_locks_nothing(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, buses: Buses, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    assert app.process is not None
    # Straight to the program, which no match rule keeps away; then one that comes after it.
    buses.system.forge(app.process.pid, logind.session, "org.freedesktop.login1.Session", "Lock")
    sleeps_at = moment(lambda: logind.prepare_for_sleep(begins=True))
    assert_at(app.wait_for_row("open = 0")["ended_at"], sleeps_at)
    assert app.rows("state = 'locked'") == []


def test_a_program_that_starts_behind_a_lock_records_locked_time(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    logind.hint_locked(on=True)
    windows.open("Editor", "behind the lock")
    app = make_app(desktop, "--no-tray").start()
    app.wait_for_row("state = 'locked' and open = 1")
    unlocked_at = moment(lambda: logind.hint_locked(on=False))
    await_active(app, unlocked_at)


def test_a_lock_that_was_asked_for_and_that_nothing_follows_ends_with_the_locker_that_does(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(logind.lock))
    logind.hint_locked(on=True)
    # The person unlocks at the locker: nobody sends Unlock.
    unlocked_at = moment(lambda: logind.hint_locked(on=False))
    assert_at(await_active(app, unlocked_at)["started_at"], unlocked_at)


@pytest.mark.parametrize("arguments", [("--no-tray",), ()], ids=["no-tray", "tray"])
def test_the_computer_sleeps_when_the_end_of_the_session_is_on_the_disk_and_not_before(
    make_app: MakeApp,
    desktop: VirtualDesktop,
    windows: Windows,
    logind: Logind,
    arguments: tuple[str, ...],
) -> None:
    windows.open("Editor", "in use")
    app = make_app(desktop, *arguments).start()
    app.wait_for_row("window_title = 'in use' and open = 1")
    wait_until(logind.inhibitors, SECONDS, "the delay")
    ((what, who, _why, mode, *_ids),) = logind.inhibitors()
    assert (what, who, mode) == ("sleep", "Re:prospective", "delay")

    sleeps_at = moment(lambda: logind.prepare_for_sleep(begins=True))
    # What logind waits for.
    wait_until(lambda: not logind.inhibitors(), SECONDS, "the delay to end")
    last = app.rows()[-1]
    assert (last["window_title"], last["open"]) == ("in use", 0)
    assert_at(last["ended_at"], sleeps_at)
    windows.open("Mail", "what moves before the sleep is not recorded")

    wakes_at = moment(lambda: logind.prepare_for_sleep(begins=False))
    after = await_active(app, wakes_at)
    assert_at(after["started_at"], wakes_at)
    assert len(app.rows()) == 2
    wait_until(logind.inhibitors, SECONDS, "the delay of the next sleep")


def test_a_sleep_behind_the_lock_is_a_gap_in_locked_time(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(lambda: logind.hint_locked(on=True)))
    sleeps_at = moment(lambda: logind.prepare_for_sleep(begins=True))
    ended = app.wait_for_row("state = 'locked' and open = 0")
    assert_at(ended["ended_at"], sleeps_at)
    await_locked(app, moment(lambda: logind.prepare_for_sleep(begins=False)))


@pytest.mark.parametrize("arguments", [("--no-tray",), ()], ids=["no-tray", "tray"])
def test_the_end_of_its_session_ends_the_program(
    make_app: MakeApp,
    desktop: VirtualDesktop,
    windows: Windows,
    logind: Logind,
    arguments: tuple[str, ...],
) -> None:
    windows.open("Editor", "in use")
    app = make_app(desktop, *arguments)
    app.env["XDG_SESSION_ID"] = SESSION_ID
    app.start()
    app.wait_for_row("window_title = 'in use' and open = 1")
    wait_until(logind.inhibitors, SECONDS, "the delay")
    removed_at = moment(logind.remove_session)
    assert app.process is not None
    assert app.process.wait(SECONDS) == 0
    last = app.rows()[-1]
    assert last["open"] == 0
    assert_at(last["ended_at"], removed_at)
    assert not logind.inhibitors()


def test_a_program_outside_of_sessions_waits_for_the_persons_next_one(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    removed_at = moment(logind.remove_session)
    assert_at(app.wait_for_row("open = 0")["ended_at"], removed_at)
    windows.open("Mail", "nobody's")
    begins_at = moment(logind.add_session)
    assert_at(await_active(app, begins_at)["started_at"], begins_at)
    assert len(app.rows()) == 2


def test_a_shut_down_ends_the_session_and_one_that_is_called_off_begins_another(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    ends_at = moment(lambda: logind.prepare_for_shutdown(begins=True))
    assert_at(app.wait_for_row("open = 0")["ended_at"], ends_at)
    goes_on_at = moment(lambda: logind.prepare_for_shutdown(begins=False))
    assert_at(await_active(app, goes_on_at)["started_at"], goes_on_at)


@pytest.mark.usefixtures("saver")
def test_it_tells_what_it_listens_to(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, buses: Buses
) -> None:
    app = start(make_app, desktop, windows)
    wait_until(lambda: app.ask("status")["presence"]["screen saver"], SECONDS, "the screen saver")
    bare = dict.fromkeys(("system bus", "session bus", "screen saver"), True) | dict.fromkeys(
        ("logind", "logind session", "sleep delay", "idle inhibitors"), False
    )
    assert app.ask("status")["presence"] == bare
    logind = Logind(desktop, buses.system, os.getuid())
    heard = bare | dict.fromkeys(("logind", "logind session", "sleep delay"), True)
    wait_until(lambda: app.ask("status")["presence"] == heard, SECONDS, "logind")
    logind.stop()
    wait_until(lambda: app.ask("status")["presence"] == bare, SECONDS, "logind to be gone")


def test_a_bus_that_goes_down_takes_its_lock_with_it_and_is_heard_again_when_it_is_back(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, buses: Buses, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    await_locked(app, moment(lambda: logind.hint_locked(on=True)))
    gone_at = moment(buses.stop_system)
    await_active(app, gone_at)
    logind.process.wait(SECONDS)
    buses.start_system()
    again = Logind(desktop, buses.system, os.getuid())
    wait_until(again.inhibitors, SECONDS, "the program to be back on the bus")
    locked_at = moment(lambda: again.hint_locked(on=True))
    assert_at(app.wait_for_row("state = 'locked' and open = 1")["started_at"], locked_at)
    again.stop()


def test_a_pause_during_a_lock_ends_in_locked_time(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    app.ask("pause")
    app.wait_for_row("open = 0")
    logind.hint_locked(on=True)
    assert len(app.rows()) == 1
    resumed_at = moment(lambda: app.ask("resume"))
    row = app.wait_for_row("state = 'locked' and open = 1")
    assert row["started_at"] >= resumed_at


def assert_ends_within_a_second(app: AppUnderTest) -> None:
    with at_most(END_S):
        sent_at = now_ms()
        assert app.stop() == 0
    last = app.rows()[-1]
    assert last["open"] == 0
    assert sent_at <= last["ended_at"]
    assert is_near(last["ended_at"], sent_at, 1000)


def test_buses_that_never_answer_hold_up_neither_recording_nor_the_end(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User
) -> None:
    silent = [SilentBus(user.folder / name, is_said=True) for name in ("system", "session")]
    try:
        app = make_app(desktop, "--no-tray")
        app.env["DBUS_SYSTEM_BUS_ADDRESS"] = silent[0].env["DBUS_SESSION_BUS_ADDRESS"]
        app.env |= silent[1].env
        app.start()
        assert all(bus.asked.wait(PATIENCE_S) for bus in silent)
        windows.open("Editor", "recorded all the same")
        app.wait_for_row("window_title = 'recorded all the same' and open = 1")
        assert_ends_within_a_second(app)
    finally:
        for bus in silent:
            bus.close()


def test_a_logind_that_hangs_holds_up_neither_recording_nor_the_end(
    make_app: MakeApp,
    desktop: VirtualDesktop,
    windows: Windows,
    logind: Logind,
) -> None:
    logind.process.send_signal(signal.SIGSTOP)
    try:
        app = start(make_app, desktop, windows)
        windows.open("Mail", "recorded all the same")
        app.wait_for_row("window_title = 'recorded all the same' and open = 1")
        assert_ends_within_a_second(app)
    finally:
        logind.process.send_signal(signal.SIGCONT)


def test_with_all_of_it_listened_to_sigterm_ends_the_session_within_a_second(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, logind: Logind
) -> None:
    app = start(make_app, desktop, windows)
    wait_until(logind.inhibitors, SECONDS, "the delay of sleep")
    assert_ends_within_a_second(app)
    wait_until(lambda: not logind.inhibitors(), SECONDS, "the delay to end with the program")
