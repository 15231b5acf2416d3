"""A week of use leaves the program with what it held after the first hour, no more.

How it can fail: something is remembered of each window, switch, pass, answer, opened menu or
changed setting; a thread or a descriptor stays behind now and then.
"""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop import tray_menu
from tests.desktop.app_under_test import AppUnderTest
from tests.desktop.held import Held, Measured
from tests.desktop.mocked_services import Buses, Logind
from tests.desktop.summary_driver import record
from tests.desktop.test_privacy_bytes import open_and_close
from tests.desktop.test_settings import await_said, replace_config
from tests.desktop.test_sync_tray import configure, pass_of
from tests.desktop.windows import Window, Windows
from tests.server.central import Central
from tests.support import User, wait_until
from tests.unit.stored import session

SECONDS = 20.0
# Longer than what counts as no session yet, shorter than anybody works.
DWELL_S = 0.06
SWITCHES = 60
HOURS = 168
SHORT_HOURS = 3
# Blocks and KiB that are allowed for: caches that are not full after an hour. In a week they are
# less than one block, or 100 bytes, for each of its 13,000 changes of windows.
WEEK = (2_000, 1_024)
SHORT = (1_000, 256)
# What is held for a while, and goes again, is gone in one of so many hours more; a leak grows.
MORE_HOURS = 6
# One connection's cache of pages, which is full or empty according to what it read last.
PAGE_CACHE_KIB = 2_000
# Pools that the libraries keep go up and down by as much.
USS_KIB = 16 * 1_024

MakeApp = Callable[..., AppUnderTest]


@dataclass(slots=True)
class Life:
    """A person at a desk, quicker than any."""

    app: AppUnderTest
    desktop: VirtualDesktop
    windows: Windows
    logind: Logind
    kept: list[Window]
    settings: "cycle[str]"
    measured: Measured
    number: int = 0

    def hour(self, *deeds: Callable[[], None]) -> None:
        """Do what a person does again and again, and then `deeds`."""
        for turn in range(SWITCHES // 2):
            self.number += 1
            window = self.kept[self.number % len(self.kept)]
            window.activate()
            time.sleep(DWELL_S)
            if turn % 3 == 0:
                self.start_and_end_a_program()
            elif turn % 3 == 1:
                window.set_title(f"page {self.number}")
                time.sleep(DWELL_S)
            else:
                window.set_title(f"page that is gone at once {self.number}")
                self.kept[0].activate()
        self.lock()
        self.logind.prepare_for_sleep(begins=True)
        self.logind.prepare_for_sleep(begins=False)
        self.app.ask("pause", until=None)
        self.app.ask("resume")
        for deed in deeds:
            deed()
        for _question in range(3):
            self.app.ask("status")
        pass_of(self.app)

    def start_and_end_a_program(self) -> None:
        """Let a new process show a window, which only that process has a name for."""
        with subprocess.Popen(["sleep", "60"]) as process:
            shown = self.windows.open("", f"document {self.number}", pid=process.pid)
            time.sleep(DWELL_S)
            shown.close()
            process.kill()

    def lock(self) -> None:
        self.logind.lock()
        self.app.wait_for_row("open = 1 and state = 'locked'")
        self.logind.unlock()
        wait_until(lambda: not self.app.rows("open = 1 and state = 'locked'"), SECONDS, "unlock")

    def menu(self) -> None:
        tray_menu.choose(self.desktop, self.app, "Escape")

    def change_settings(self) -> None:
        before = self.app.output().count("the changed settings have been applied")
        replace_config(self.app.user, next(self.settings))
        await_said(self.app, "the changed settings have been applied", times=before + 1)

    def break_settings(self) -> None:
        before = self.app.output().count("Still using your previous settings")
        replace_config(self.app.user, "language: 7\n")
        await_said(self.app, "Still using your previous settings", times=before + 1)
        self.change_settings()

    def look_back(self) -> None:
        self.app.ask("open_summary")
        open_and_close(self.desktop, "^Re:prospective$", "ctrl+w")

    def ask_to_forget(self) -> None:
        self.app.ask("ask_to_forget", since=0)
        open_and_close(self.desktop, "^Re:prospective: Forget$", "Escape")

    def forget(self) -> None:
        self.app.ask("forget", since=time.time_ns() // 1_000_000 - 1000)

    def live(
        self,
        hours: int,
        deeds: Sequence[Callable[[], None]],
        told: Callable[[str], None],
        allowed: tuple[int, int],
    ) -> None:
        """Live so many hours, and hold that there is hardly more at the end than after the first.

        Memory is the least of as many hours around both. All `deeds` are done in the first
        and in the last hour, and one now and then between.
        """
        self.hour(*deeds)
        first = self.measured.settled()
        told(f"after the first hour: {first}")
        turns, seen = cycle(deeds), [first]
        for hour in range(2, hours):
            self.hour(*([next(turns)] if hour % 3 == 0 else []))
            seen.append(self.measured.held())
            if hour % 24 == 0:
                told(f"after {hour} hours: {seen[-1].more_than(first)}")
        self.hour(*deeds)
        last = self.measured.settled(first)
        told(f"after {hours} hours, {self.number} turns: {last.more_than(first)}")
        around = hours // 28
        first, last = first.least(seen[:around]), last.least(seen[-around:] if around else [])

        def an_hour_more() -> Held:
            self.hour(*deeds)
            held = self.measured.settled(first)
            told(f"after an hour more: {held.more_than(first)}")
            return held

        last = at_last(first, last, allowed, an_hour_more)
        assert too_much(first, last, allowed) == [], last.more_than(first)


def at_last(
    first: Held, last: Held, allowed: tuple[int, int], an_hour_more: Callable[[], Held]
) -> Held:
    """Return the least of what is held at last: some is held for a while and goes again."""
    for _hour in range(MORE_HOURS):
        if not too_much(first, last, allowed):
            break
        last = an_hour_more().least([last])
    return last


@pytest.fixture
def life(
    make_app: MakeApp, desktop: VirtualDesktop, windows: Windows, user: User, central: Central
):
    """A person whose program has a past, so that what it reads by is full already."""
    configure(user, central, "interval: 30")
    text = user.paths.config_file.read_text("utf-8")
    more = "monitor: {{heartbeat: {}, titles: {{changes_per_minute: 6000}}}}\n"
    settings = cycle([text + more.format(beat) for beat in (1, 2)])
    user.write_config(next(settings))
    past = [
        session(
            f"2026-10-{day:02}T{minute // 60:02}:{minute % 60:02}:00Z",
            f"2026-10-{day:02}T{minute // 60:02}:{minute % 60:02}:50Z",
            f"App{minute % 40}",
            f"a title of the past, {day} {minute}",
        )
        for day in range(1, 8)
        for minute in range(1440)
    ]
    record(user.database, *past)
    kept = [windows.open(f"Kept{number}", f"kept {number}") for number in range(5)]
    app = make_app(desktop)
    measured = Measured(app)
    with Buses(desktop) as buses:
        logind = Logind(desktop, buses.system, os.getuid())
        app.start()
        await_said(app, "listening to the system bus")
        pass_of(app)
        yield Life(app, desktop, windows, logind, kept, settings, measured)
        logind.stop()
        app.stop()


def too_much(first: Held, last: Held, allowed: tuple[int, int]) -> list[str]:
    """Return what there is more of than `allowed`, by name."""
    blocks, native_kib = allowed
    most = {
        "threads": 1,
        "descriptors": 1,
        "blocks": blocks,
        "native_kib": native_kib,
        "sqlite_kib": PAGE_CACHE_KIB + native_kib,
        "uss_kib": USS_KIB,
    }
    found = {name: getattr(last, name) - getattr(first, name) for name in most}
    fewer = [name for name in ("threads", "descriptors") if found[name] < 0]
    return fewer + [name for name, limit in most.items() if found[name] >= limit]


def holding(native_kib: int = 15_000, blocks: int = 240_000, threads: int = 16) -> Held:
    return Held(blocks, native_kib, 250, 47_000, threads, 32, Counter(), (), ())


def test_what_comes_and_goes_is_no_leak_and_what_grows_is_one() -> None:
    first = holding()
    comes_and_goes = map(holding, [16_000, 16_000, 15_100])
    last = at_last(first, holding(16_000), SHORT, lambda: next(comes_and_goes))
    assert too_much(first, last, SHORT) == []
    grows = map(holding, range(15_400, 16_000, 100))
    last = at_last(first, holding(15_300), SHORT, lambda: next(grows))
    assert too_much(first, last, SHORT) == ["native_kib"]
    assert too_much(first, holding(blocks=241_000), SHORT) == ["blocks"]
    for threads in (15, 17):
        assert too_much(first, holding(threads=threads), SHORT) == ["threads"]


@pytest.mark.timeout(600)
@pytest.mark.long
def test_some_hours_of_use_leave_threads_descriptors_and_memory_as_they_were(life: Life) -> None:
    deeds = (life.menu, life.change_settings, life.forget)
    life.live(SHORT_HOURS, deeds, print, SHORT)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_week_of_use_leaves_threads_descriptors_and_memory_as_they_were(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", flush=True)

    deeds = (
        *(life.menu, life.change_settings, life.forget),
        *(life.look_back, life.break_settings, life.ask_to_forget),
    )
    life.live(HOURS, deeds, tell, WEEK)
