"""The icon of Windows and macOS, driven with a pystray backend that has no screen."""

import threading
from types import SimpleNamespace

import pytest

from reprospective_tray.tray.icon import TrayIcon
from reprospective_tray.tray.icons import backend
from reprospective_tray.tray.icons.backend import Backend, TrayUnavailableError
from reprospective_tray.tray.menu import MenuAction
from reprospective_tray.tray.state import AppState, Mode

SECONDS = 5.0
LOGIN = "Start at login"
# Windows' messages that a button was let go.
LEFT_UP, RIGHT_UP = 0x0202, 0x0205


@pytest.fixture
def screen(monkeypatch):
    """A pystray backend that writes down what is shown; `fails` lets its loop fail."""
    base = backend.load("dummy")
    seen = SimpleNamespace(icon=None, fails=False, ended=threading.Event(), menus=0)
    seen.changed = threading.Condition()

    def note(*_unused):
        with seen.changed:
            seen.menus += 1
            seen.changed.notify_all()

    def run(self):
        seen.icon = self
        if seen.fails:
            raise OSError("no shell")
        self._mark_ready()
        assert seen.ended.wait(SECONDS)

    methods = dict.fromkeys(
        ("_show", "_hide", "_update_icon", "_update_title", "_update_menu"), note
    )
    icon = type("Icon", (base.Icon,), {**methods, "_run": run, "_stop": lambda _: seen.ended.set()})
    monkeypatch.setattr(backend, "load", lambda _name: SimpleNamespace(Icon=icon))
    return seen


def await_lines(screen, predicate):
    with screen.changed:
        assert screen.changed.wait_for(
            lambda: screen.icon is not None and predicate([str(i) for i in screen.icon.menu.items]),
            SECONDS,
        )


def test_the_menu_follows_the_state_and_clicks_are_handed_on(screen):
    actions = []
    icon = TrayIcon(actions.append, Backend("native"))

    def person():
        await_lines(screen, lambda lines: any("Pause tracking" in line for line in lines))
        icon.update(AppState(Mode.PAUSED))
        await_lines(screen, lambda lines: "Resume" in lines)
        screen.icon()  # a click on the icon itself
        next(item for item in screen.icon.menu.items if item.text == "Resume")(screen.icon)
        icon.stop()

    thread = threading.Thread(target=person)
    thread.start()
    icon.run(lambda: None)
    thread.join()
    assert actions == [MenuAction("open_summary"), MenuAction("resume")]
    assert screen.icon.title == "Re:prospective: Paused until you resume"


def test_a_loop_that_fails_says_why_and_leaves_no_thread_behind(screen):
    screen.fails = True
    before = set(threading.enumerate())
    icon = TrayIcon(lambda _action: None, Backend("native"))
    with pytest.raises(TrayUnavailableError, match="no shell"):
        icon.run(lambda: None)
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
        assert not thread.is_alive(), thread


def test_an_icon_stopped_before_it_runs_does_not_run(screen):
    icon = TrayIcon(lambda _action: None, Backend("native"))
    icon.stop()
    icon.run(lambda: None)
    assert screen.icon is None


def test_the_check_mark_is_what_is_true_when_windows_opens_the_menu(screen, monkeypatch):
    """The message of a right click goes to a method that Windows' icon alone has."""
    base = backend.load("native").Icon
    shown, at_login = [], [False]

    def notified(self, _wparam, lparam):
        shown.append((lparam, [item.checked for item in self.menu.items if item.text == LOGIN]))

    icon_class = type("Icon", (base,), {"_on_notify": notified})
    monkeypatch.setattr(backend, "load", lambda _name: SimpleNamespace(Icon=icon_class))

    def on_open():
        icon.update(AppState(starts_at_login=at_login[0]))

    icon = TrayIcon(lambda _action: None, Backend("native"), on_open)
    icon.update(AppState(starts_at_login=False))

    def person():
        await_lines(screen, lambda lines: any(LOGIN in line for line in lines))
        at_login[0] = True
        screen.icon._on_notify(0, LEFT_UP)
        screen.icon._on_notify(0, RIGHT_UP)
        icon.stop()

    thread = threading.Thread(target=person)
    thread.start()
    icon.run(lambda: None)
    thread.join()
    assert shown == [(LEFT_UP, [False]), (RIGHT_UP, [True])]
