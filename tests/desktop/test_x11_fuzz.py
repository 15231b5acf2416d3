"""What any X11 client may write on its windows and on the root window, at random.

How it can fail: a property of a wrong type, format or length is an internal error, or holds the
program up; the window that comes afterwards is not recorded.
"""

import random

import pytest
from Xlib import X, Xatom
from Xlib.protocol import request

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.config.keys import PrivacySettings, Rule
from reprospective_tray.monitor.observation import TITLE_LIMIT
from reprospective_tray.monitor.privacy.rules import PrivacyRules
from reprospective_tray.monitor.probes.x11.probe import X11Probe
from reprospective_tray.monitor.title_comparison import comparable
from tests.desktop.windows import Windows
from tests.support import wait_until

pytestmark = pytest.mark.trust

STEPS, LONG_STEPS, PROGRAM_STEPS = 1_500, 60_000, 600
OF_WINDOWS = ("WM_NAME", "_NET_WM_NAME", "WM_CLASS", "_NET_WM_PID", "WM_CLIENT_MACHINE", "WM_STATE")
OF_THE_ROOT = ("_NET_ACTIVE_WINDOW", "_NET_SUPPORTING_WM_CHECK")
TYPES = ("STRING", "UTF8_STRING", "COMPOUND_TEXT", "C_STRING", "CARDINAL", "WINDOW", "ATOM", "ODD")
PIECES = (
    *(
        b"\x1b$(B",
        b"\x1b%G",
        b"\x1b%@",
        b"\x1b%/1\xff\xff",
        b"\x1b-L",
        b"\x9b2]",
        b"\0",
        b"\xff\xfe",
    ),
    *(
        "é « 題".encode(),
        b"(1 ",
        b" " * 300,
        b"\xed\xa0\x80",
        b" - Mozilla Firefox",
        b"[InPrivate]",
    ),
    *("\u202e\u200f\u0301".encode(), b"a", b"%", b"\r\n\t", b"x" * 5_000),
)
LENGTHS = (0, 1, 2, 3, 4, 5, 7, 8, 12, 64, 4_096, 70_000)


@pytest.fixture
def bare_desktop():
    """An X server alone: no window manager, no panel."""
    with VirtualDesktop(panel=None, window_manager=False) as made:
        yield made


class Fuzz:
    """Windows that write at random what they like; the same each time for one seed."""

    def __init__(self, windows, seed):
        self.random = random.Random(seed)  # noqa: S311  to be had again
        self.windows = windows
        self.connection, self.root = windows.connection, windows.root
        self.open = [self._new() for _ in range(3)]

    def step(self):
        """Do one thing that any client may do."""
        window = self.random.choice(self.open)
        deed = self.random.random()
        if deed < 0.55:
            self._write(window, self.random.choice(OF_WINDOWS))
        elif deed < 0.7:
            self._write(self.root, self.random.choice(OF_THE_ROOT))
        elif deed < 0.82:
            self._name_rightly(window)
        elif deed < 0.86:
            atom = self.connection.intern_atom(self.random.choice(OF_WINDOWS + OF_THE_ROOT))
            self.random.choice([window, self.root]).delete_property(atom)
        elif deed < 0.93:
            focus = self.random.choice([window, window, X.NONE, X.PointerRoot])
            self.connection.set_input_focus(focus, X.RevertToNone, X.CurrentTime)
        elif deed < 0.97:
            window.reparent(self.random.choice([self.root, *self.open]), 0, 0)
        else:
            window.destroy()
            self.open = [each for each in self.open if each.id != window.id]
            self.open.append(self._new())
        self.connection.sync()

    def _new(self):
        made = self.root.create_window(0, 0, 200, 100, 0, X.CopyFromParent)
        made.map()
        return made

    def _write(self, window, name):
        length = self.random.choice(LENGTHS)
        pieces = b"".join(self.random.choices(PIECES, k=self.random.randint(0, 6)))
        raw = self.random.choice([self.random.randbytes(length), pieces, pieces[:length]])
        layout = self.random.choice([8, 8, 16, 32])
        raw = raw[: len(raw) // (layout // 8) * (layout // 8)]
        request.ChangeProperty(
            display=self.connection.display,
            onerror=lambda *_: None,
            mode=X.PropModeReplace,
            window=window.id,
            property=self.connection.intern_atom(name),
            type=self.connection.intern_atom(self.random.choice(TYPES)),
            data=(layout, raw),
        )

    def _name_rightly(self, window):
        """Name a window of ours as the active one, or as that of a window manager."""
        check = self.connection.intern_atom("_NET_SUPPORTING_WM_CHECK")
        own = self.random.choice(self.open)
        for each in (self.root, own):
            each.change_property(check, Xatom.WINDOW, 32, [own.id])
        active = self.connection.intern_atom("_NET_ACTIVE_WINDOW")
        self.root.change_property(active, Xatom.WINDOW, 32, [window.id])


def be_seen(windows):
    """Open a window in good order, as the active one of a window manager in good order."""
    window = windows.open("Honest", "after all of it", activate=False)
    own = windows.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    for each in (windows.root, own):
        check = windows.connection.intern_atom("_NET_SUPPORTING_WM_CHECK")
        each.change_property(check, Xatom.WINDOW, 32, [own.id])
    active = windows.connection.intern_atom("_NET_ACTIVE_WINDOW")
    windows.root.change_property(active, Xatom.WINDOW, 32, [window.id])
    windows.connection.sync()


def go(desktop, steps):
    """Let the probe, the rules and the comparison of titles take what comes of `steps`."""
    rules = (
        Rule(title=r"(\w+\s?)*secret$", action="redact"),
        Rule(application=r"\bhidden\b.*"),
    )
    privacy = PrivacyRules(PrivacySettings(rules=rules))
    reduce = comparable(("counters", "spinners", "percentages"), (r"\d+ unread$",))
    seen = 0
    with Windows(desktop.env["DISPLAY"]) as windows:
        probe = X11Probe(0.01, desktop.env["DISPLAY"])
        try:
            fuzz = Fuzz(windows, steps)
            for _ in range(steps):
                fuzz.step()
                probe.wait(0)
                found = probe.current()
                if found is None:
                    continue
                seen += 1
                assert max(map(len, (found.application_name, found.window_title))) <= TITLE_LIMIT
                assert found.process_id is None or 0 < found.process_id < 2**31
                found.window_title.encode()  # holds no lone surrogate
                privacy.explain(found.application_name, found.window_title)
                reduce(found.window_title)
            be_seen(windows)

            def is_seen():
                probe.wait(0.05)
                return (there := probe.current()) and there.application_name == "Honest"

            wait_until(is_seen, 10, "the window in good order")
        finally:
            probe.close()
    assert seen > steps // 10


def test_no_property_is_an_internal_error(bare_desktop):
    go(bare_desktop, STEPS)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_no_property_is_an_internal_error_for_long(bare_desktop):
    go(bare_desktop, LONG_STEPS)


def test_the_program_records_on_after_all_of_it(make_app, bare_desktop, user):
    user.write_config("monitor: {poll_interval: 0.05}\n")
    app = make_app(bare_desktop, "--no-tray").start()
    with Windows(bare_desktop.env["DISPLAY"]) as windows:
        fuzz = Fuzz(windows, 1)
        for _ in range(PROGRAM_STEPS):
            fuzz.step()
        be_seen(windows)
        app.wait_for_row("application_name = 'Honest'")
    logged = "".join(
        file.read_text("utf-8") for file in user.paths.log.rglob("*") if file.is_file()
    )
    assert "Traceback" not in logged
    assert "ERROR" not in logged
    assert app.stop() == 0
