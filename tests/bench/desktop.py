"""What the running app costs and how right it is, on virtual desktops with real panels."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from installer.demo.virtual_desktop import VirtualDesktop
from installer.demo.wayland_desktop import WaylandDesktop
from tests.bench.measures import Cost, cost, pss_mb
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.script import Script, Stretch, Verdict, judge
from tests.desktop.windows import Windows, now_ms
from tests.support import fresh_user, wait_until
from tests.wayland import windows as wayland
from tests.wayland.app import app_on

SEED = 20261123


@dataclass(frozen=True, slots=True)
class Play:
    """One scripted desktop: how right, against polling each second, and at what cost."""

    verdict: Verdict
    polling_error: float
    cpu: float  # share of a core
    seconds: float


@dataclass(frozen=True, slots=True)
class Rest:
    """A desktop on which nothing happens."""

    cpu: float  # share of a core
    wakeups: float  # a second
    pss_mb: float


@contextmanager
def running_app() -> Iterator[tuple[AppUnderTest, Windows]]:
    """The app with its tray icon, and what opens windows."""
    with ExitStack() as stack:
        desktop = stack.enter_context(VirtualDesktop(panel="tint2"))
        user = stack.enter_context(fresh_user())
        app = stack.enter_context(AppUnderTest(user, desktop.env))
        windows = stack.enter_context(Windows(desktop.env["DISPLAY"]))
        yield app, windows


@contextmanager
def on_sway() -> Iterator[tuple[AppUnderTest, wayland.Windows]]:
    """The same on Wayland."""
    with ExitStack() as stack:
        desktop = stack.enter_context(WaylandDesktop(bar=True))
        user = stack.enter_context(fresh_user())
        app = stack.enter_context(app_on(desktop, user))
        windows = stack.enter_context(wayland.Windows(desktop))
        yield app, windows


On = Callable[[], AbstractContextManager[tuple[AppUnderTest, Windows | wayland.Windows]]]


def play(seconds: float, on: On = running_app) -> Play:
    """Let a script switch among windows for `seconds`, and judge what was recorded."""
    with on() as (app, windows):
        app.start()
        assert app.process is not None
        wait_until(lambda: bool(app.ask("status")["has_menu"]), 10, "the tray icon")
        script = Script(windows, SEED)
        before, began = cost(app.process.pid), time.monotonic()
        script.play(seconds)
        used, took = cost(app.process.pid).since(before), time.monotonic() - began
        end = now_ms()
        app.stop()
        truth = script.truth(end)
        verdict = judge(truth, app.rows("state = 'active'"))
    return Play(verdict, _polling_error(truth, 1000), used.cpu_ns / 1e9 / took, took)


def rest(seconds: float, on: On = running_app) -> Rest:
    """Let the desktop be still for `seconds`."""
    with on() as (app, windows):
        windows.open("Editor", "a document")
        app.start()
        assert app.process is not None
        wait_until(lambda: bool(app.ask("status")["has_menu"]), 10, "the tray icon")
        app.wait_for_row("state = 'active'")
        _await_calm(app.process.pid)
        before, began = cost(app.process.pid), time.monotonic()
        time.sleep(seconds)
        used, took = cost(app.process.pid).since(before), time.monotonic() - began
        memory = pss_mb(app.process.pid)
    return Rest(used.cpu_ns / 1e9 / took, used.wakeups / took, memory)


def first_session(times: int) -> float:
    """Return the median seconds from the start of the process to the first session on disk."""
    taken = []
    for _time in range(times):
        with running_app() as (app, windows):
            windows.open("Editor", "a document")
            began = time.monotonic()
            app.launch()
            wait_until(lambda app=app: bool(app.rows()), 10, "the first session")
            taken.append(time.monotonic() - began)
            wait_until(app.answers, 10, "the app's answer")
    return statistics.median(taken)


def status(times: int) -> float:
    """Return the median seconds that `status` takes while the app runs."""
    taken = []
    with running_app() as (app, _windows):
        app.start()
        for _time in range(times):
            began = time.monotonic()
            app.cli("status")
            taken.append(time.monotonic() - began)
    return statistics.median(taken)


def _await_calm(pid: int) -> None:
    """Wait until the start is over: a second in which the process hardly runs."""
    last = Cost(0, 0)

    def calm() -> bool:
        nonlocal last
        before, last = last, cost(pid)
        time.sleep(1)
        return cost(pid).since(last).cpu_ns < 5_000_000 and before.cpu_ns > 0

    wait_until(calm, 30, "the app to be at rest")


def _polling_error(truth: Sequence[Stretch], interval_ms: int) -> float:
    """Return the error of a perfect poll: each look's answer holds until the next look."""
    begin, end = truth[0].started_at, truth[-1].ended_at
    wrong = 0
    for look in range(begin, end, interval_ms):
        seen = next(it.names for it in truth if it.started_at <= look < it.ended_at)
        until = min(look + interval_ms, end)
        for it in truth:
            if it.names != seen:
                wrong += max(min(it.ended_at, until) - max(it.started_at, look), 0)
    return wrong / (end - begin)
