"""Which X11 window is in front, where the window manager is gone, plain or lies about it.

How it can fail: a window manager that has died is believed for ever, and the last window that it
named is recorded for hours; a part of a window is recorded by its own name (Java's FocusProxy); a
process of another computer is taken for one of this.
"""

import json
import socket
from contextlib import contextmanager

import pytest
from Xlib import X, Xatom

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.monitor.probes.x11.probe import X11Probe
from reprospective_tray.monitor.probes.x11.process import is_this_computer
from tests.desktop.command_line import command_of
from tests.desktop.windows import Windows
from tests.support import wait_until

pytestmark = pytest.mark.trust

SECONDS = 10


@pytest.fixture
def bare_desktop():
    """An X server alone: no window manager, no panel."""
    with VirtualDesktop(panel=None, window_manager=False) as made:
        yield made


@pytest.fixture
def windows(bare_desktop):
    with Windows(bare_desktop.env["DISPLAY"]) as made:
        yield made


@pytest.fixture
def probe(bare_desktop):
    made = X11Probe(0.02, bare_desktop.env["DISPLAY"])
    yield made
    made.close()


def await_application(probe, name):
    """Wait until the probe sees a window of `name` in front (None: no window at all)."""

    def is_seen():
        probe.wait(0.05)
        seen = probe.current()
        return (seen and seen.application_name) == name

    wait_until(is_seen, SECONDS, f"{name} in front")


class Manager:
    """A window manager's own window, and what it says on the root window."""

    def __init__(self, windows):
        self.windows, self.atom = windows, windows.connection.intern_atom
        self.own = windows.root.create_window(-10, -10, 1, 1, 0, X.CopyFromParent)
        for window in (self.own, windows.root):
            window.change_property(
                self.atom("_NET_SUPPORTING_WM_CHECK"), Xatom.WINDOW, 32, [self.own.id]
            )

    def name_active(self, window):
        self.windows.root.change_property(
            self.atom("_NET_ACTIVE_WINDOW"), Xatom.WINDOW, 32, [window.id]
        )
        self.windows.connection.sync()


def focus(windows, window):
    windows.connection.set_input_focus(window, X.RevertToNone, X.CurrentTime)
    windows.connection.sync()


def child(windows, parent, application=None):
    """Put a window into another, with a class of its own where one is named."""
    made = parent.create_window(0, 0, 100, 100, 0, X.CopyFromParent)
    if application:
        made.set_wm_class(*application)
    made.map()
    windows.connection.sync()
    return made


@contextmanager
def openbox(desktop):
    desktop._start_window_manager()
    yield desktop._parts[-1]


def test_a_window_manager_that_was_killed_is_believed_no_more(bare_desktop, windows, probe, user):
    first = windows.open("First", "first", activate=False)
    second = windows.open("Second", "second", activate=False)
    with openbox(bare_desktop) as manager:
        first.activate()
        await_application(probe, "First")
        second.activate()
        await_application(probe, "Second")
        manager.kill()
        manager.wait()
    # What it has said last stays on the root window.
    assert windows.active_window() == second.id
    focus(windows, first._window)
    await_application(probe, "First")
    done = command_of(user)("doctor", "--json", DISPLAY=bare_desktop.env["DISPLAY"])
    checks = {each["name"]: each for each in json.loads(done.stdout)["checks"]}
    assert checks["windows"]["detail"] == "In front now: First (x11)"
    with openbox(bare_desktop):
        second.activate()
        await_application(probe, "Second")


def test_a_window_manager_of_the_new_kind_is_replaced_by_a_plain_one(windows, probe):
    first = windows.open("First", "first", activate=False)
    second = windows.open("Second", "second", activate=False)
    manager = Manager(windows)
    manager.name_active(first)
    focus(windows, second._window)
    await_application(probe, "First")
    # A plain one leaves the properties as they are, and has no window of its own.
    manager.own.destroy()
    windows.connection.sync()
    await_application(probe, "Second")
    # A number of a closed window is used again, for a window that names nothing.
    stranger = windows.root.create_window(-10, -10, 1, 1, 0, X.CopyFromParent)
    windows.root.change_property(
        manager.atom("_NET_SUPPORTING_WM_CHECK"), Xatom.WINDOW, 32, [stranger.id]
    )
    manager.name_active(first)
    focus(windows, second._window)
    await_application(probe, "Second")
    stranger.change_property(
        manager.atom("_NET_SUPPORTING_WM_CHECK"), Xatom.WINDOW, 32, [stranger.id]
    )
    windows.connection.sync()
    await_application(probe, "First")


def test_a_manager_without_an_active_window_leaves_it_to_the_focus(windows, probe):
    only = windows.open("Only", "only", activate=False)
    Manager(windows)
    focus(windows, only._window)
    await_application(probe, "Only")


@pytest.mark.parametrize("managed", ["no manager", "a plain manager's frame"])
def test_a_part_with_the_keyboard_goes_by_its_top_level_window(windows, probe, managed):
    swing = windows.open("com-example-Ledger", "Ledger", activate=False)
    if managed != "no manager":
        # As a plain window manager does: a frame around, and a mark on the program's window.
        frame = child(windows, windows.root)
        swing._window.reparent(frame, 0, 20)
        state = windows.connection.intern_atom("WM_STATE")
        swing._window.change_property(state, state, 32, [1, 0])
    content = child(windows, swing._window)
    proxy = child(windows, content, ("Focus-Proxy-Window", "FocusProxy"))
    focus(windows, proxy)
    await_application(probe, "com-example-Ledger")
    assert probe.current().window_title == "Ledger"
    # The pointer decides where the focus follows it.
    swing._window.warp_pointer(30, 30)
    focus(windows, X.PointerRoot)
    await_application(probe, "com-example-Ledger")
    focus(windows, X.NONE)
    await_application(probe, None)


@pytest.mark.parametrize(
    ("machine", "pid", "seen"),
    [
        (socket.gethostname(), 4242, 4242),
        (None, 4242, 4242),
        ("another-computer.example", 4242, None),
        (socket.gethostname(), 0, None),
        (socket.gethostname(), 0xFFFF_FFFF, None),
    ],
)
def test_a_process_of_another_computer_is_none_of_this(windows, probe, machine, pid, seen):
    window = windows.open("", "remote", pid=pid, activate=False)
    if machine:
        window._window.change_property(Xatom.WM_CLIENT_MACHINE, Xatom.STRING, 8, machine.encode())
    Manager(windows).name_active(window)

    def is_seen():
        probe.wait(0.05)
        return probe.current() and probe.current().window_title == "remote"

    wait_until(is_seen, SECONDS, "the window")
    assert probe.current().process_id == seen
    if machine == "another-computer.example":
        assert probe.current().application_name == ""


def test_a_name_of_this_computer_may_lack_its_domain(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "desk.example.org")
    assert is_this_computer("desk")
    assert is_this_computer("DESK.example.org")
    assert is_this_computer("localhost")
    assert not is_this_computer("desk.example.com")
    assert not is_this_computer("desk2")
    assert not is_this_computer("example.org")
