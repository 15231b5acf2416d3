"""What several sources say of the person comes to one presence, on every platform alike.

How it can fail: one source's unlock ends another's lock; a lock that was asked for stays when the
locker has unlocked; a change is told twice, or not. Windows and macOS are played here: their
notifications come by calls that this machine has not.
"""

import ctypes
import queue
import threading
from types import SimpleNamespace

import pytest

from reprospective_tray.desktop.presence import make_watcher
from reprospective_tray.desktop.presence import windows as windows_module
from reprospective_tray.desktop.presence.linux import LinuxWatcher
from reprospective_tray.desktop.presence.macos import MacosWatcher
from reprospective_tray.desktop.presence.null import NullWatcher
from reprospective_tray.desktop.presence.signs import Signs
from reprospective_tray.desktop.presence.windows import WindowClass, WindowsWatcher
from reprospective_tray.system.presence import Presence

SECONDS = 5.0


@pytest.fixture
def told() -> list[Presence]:
    """What was told, in order."""
    return []


@pytest.fixture
def signs(told: list[Presence]) -> Signs:
    """Signs that tell it."""
    return Signs(told.append)


def test_the_first_lock_counts_and_unlocked_is_when_all_say_so(signs, told):
    signs.lock("one", on=True)
    signs.lock("other", on=True)
    signs.lock("one", on=False)
    signs.lock("other", on=False)
    assert [presence.locked for presence in told] == [True, False]


def test_what_was_known_already_is_not_told_again(signs, told):
    signs.lock("one", on=False)
    signs.inhibit("one", on=True)
    signs.inhibit("one", on=True)
    signs.inhibit("other", on=True)
    signs.inhibit("one", on=False)
    assert told == [Presence(inhibited=True)]


def test_a_lock_that_is_asked_for_is_unconfirmed_until_a_source_says_so(signs, told):
    signs.ask_for_lock(on=True)
    signs.lock("one", on=True)
    signs.lock("one", on=False)
    assert told == [Presence(locked=True, unconfirmed=1), Presence(locked=True), Presence()]


def test_each_request_to_lock_is_another(signs, told):
    signs.ask_for_lock(on=True)
    signs.ask_for_lock(on=True)
    signs.ask_for_lock(on=False)
    assert [presence.unconfirmed for presence in told] == [1, 2, 0]


def test_sleep_and_shut_down_at_once_are_over_when_both_are(signs, told):
    signs.leave("sleep", on=True)
    signs.leave("shutdown", on=True)
    signs.leave("sleep", on=False)
    signs.leave("shutdown", on=False)
    assert [presence.away for presence in told] == [True, False]


def test_after_the_end_nothing_is_told(signs, told):
    signs.close()
    signs.lock("one", on=True)
    assert told == []


@pytest.mark.parametrize(
    ("platform", "kind"),
    [
        ("linux", LinuxWatcher),
        ("win32", WindowsWatcher),
        ("darwin", MacosWatcher),
        ("sunos5", NullWatcher),
    ],
)
def test_each_platform_has_its_watcher_and_making_it_opens_nothing(platform, kind):
    watcher = make_watcher(platform)
    assert type(watcher) is kind
    assert not any(watcher.describe().values())
    watcher.stop()


class PlayedWindows:
    """user32 and wtsapi32 as far as the watcher calls them; `say` sends it a message."""

    WINDOW = 77

    def __init__(self, *, registers: bool = True) -> None:
        self.messages: queue.SimpleQueue = queue.SimpleQueue()
        self.registered: list[int] = []
        self.procedure = None

        def create(*arguments):
            assert arguments[1] == "ReprospectiveTrayPresence"
            assert arguments[8].value == ctypes.c_void_p(-3).value  # HWND_MESSAGE
            return self.WINDOW

        def get(*_arguments):
            message = self.messages.get(timeout=SECONDS)
            if message is None:
                return 0
            self.procedure(self.WINDOW, *message, 0)
            return 1

        def default(window, message, *_arguments):
            if message == windows_module.WM_CLOSE:
                self.procedure(window.value, windows_module.WM_DESTROY, 0, 0)
            return 0

        def register(window, flags):
            assert flags == windows_module.NOTIFY_FOR_THIS_SESSION
            if registers:
                self.registered.append(window.value)
            return registers

        self.user32 = SimpleNamespace(
            RegisterClassW=self._register_class,
            CreateWindowExW=create,
            DefWindowProcW=default,
            GetMessageW=get,
            DispatchMessageW=lambda _message: None,
            PostMessageW=lambda _window, message, *_rest: self.messages.put((message, 0)),
            PostQuitMessage=lambda _code: self.messages.put(None),
        )
        self.wtsapi32 = SimpleNamespace(
            WTSRegisterSessionNotification=register,
            WTSUnRegisterSessionNotification=lambda window: self.registered.remove(window.value),
        )

    def _register_class(self, described):
        window_class = described._obj
        assert isinstance(window_class, WindowClass)
        self.procedure = window_class.lpfnWndProc

    def say(self, what: int) -> None:
        self.messages.put((windows_module.WM_WTSSESSION_CHANGE, what))


def test_windows_tells_of_lock_switch_and_log_off():
    played, told, out = PlayedWindows(), queue.SimpleQueue(), threading.Event()
    watcher = WindowsWatcher(played)
    watcher.start(told.put, out.set)
    for what, presence in (
        (windows_module.WTS_SESSION_LOCK, Presence(locked=True)),
        (windows_module.WTS_SESSION_UNLOCK, Presence()),
        (windows_module.WTS_CONSOLE_DISCONNECT, Presence(locked=True)),
        (windows_module.WTS_CONSOLE_CONNECT, Presence()),
        (windows_module.WTS_REMOTE_DISCONNECT, Presence(locked=True)),
        (windows_module.WTS_REMOTE_CONNECT, Presence()),
        (windows_module.WTS_SESSION_LOGOFF, Presence(away=True)),
    ):
        played.say(what)
        assert told.get(timeout=SECONDS) == presence
    assert out.wait(SECONDS)
    assert watcher.describe() == {"session notifications": True}
    watcher.stop()
    assert played.registered == []
    assert watcher.describe() == {"session notifications": False}


def test_windows_that_does_not_notify_is_described_so():
    watcher = WindowsWatcher(PlayedWindows(registers=False))
    watcher.start(lambda _presence: None, lambda: None)
    watcher.stop()
    assert watcher.describe() == {"session notifications": False}


class PlayedCentre:
    """A notification centre of macOS."""

    def __init__(self) -> None:
        self.observers: dict[str, object] = {}

    def addObserverForName_object_queue_usingBlock_(self, name, _object, _queue, block):  # noqa: N802  PyObjC's
        self.observers[name] = block
        return name

    def removeObserver_(self, observer):  # noqa: N802  PyObjC's
        del self.observers[observer]


def test_macos_tells_of_lock_and_switch(told):
    distributed, workspace = PlayedCentre(), PlayedCentre()
    watcher = MacosWatcher((distributed, workspace))
    watcher.start(told.append, lambda: None)
    assert watcher.describe() == {"lock notifications": True}
    distributed.observers["com.apple.screenIsLocked"](None)
    workspace.observers["NSWorkspaceSessionDidResignActiveNotification"](None)
    distributed.observers["com.apple.screenIsUnlocked"](None)
    assert told == [Presence(locked=True)]
    workspace.observers["NSWorkspaceSessionDidBecomeActiveNotification"](None)
    assert told[1:] == [Presence()]
    watcher.stop()
    assert (distributed.observers, workspace.observers) == ({}, {})


def test_macos_without_pyobjc_hears_nothing_and_goes_on(told):
    watcher = MacosWatcher()
    watcher.start(told.append, lambda: None)
    assert watcher.describe() == {"lock notifications": False}
    watcher.stop()
