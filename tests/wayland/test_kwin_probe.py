"""KWin's windows, against a stand-in for its scripting: the ways of KWin 6 cannot be run here.

How it can fail: the script is never run, or stays behind; another program's word is taken for
KWin's; changes that come together are dated alike; a KWin that is gone is waited for. What the
script itself does is tried in KWin, by test_kwin_session.py.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from reprospective_tray.monitor.probes import open_probe
from reprospective_tray.monitor.probes.base import Lack, NotOfferedError, ProbeLostError
from reprospective_tray.monitor.probes.kwin import script as kwin_script
from reprospective_tray.monitor.probes.kwin.probe import KWinProbe
from tests.bystander import at_most
from tests.support import PATIENCE_S, wait_until
from tests.wayland.stand_ins import BusSession, StandIn

pytestmark = pytest.mark.usefixtures("within_session")
SECONDS = 5.0
EDITOR = {
    "title": "draft",
    "app_class": "Editor",
    "desktop_file": "editor",
    "process_id": 4321,
    "x_window": 0,
    "id": "{8b3d2f1c-0f7e-4a53-9f6e-3f0c5c9d1a22}",
}
MakeProbe = Callable[[], KWinProbe]


@pytest.fixture
def kwin(session: BusSession) -> Iterator[StandIn]:
    """KWin 6 with a window in front."""
    with StandIn(session, "tests.wayland.kwin_scripting", "6") as made:
        made.order(tell=[{"window": EDITOR}])
        yield made


@pytest.fixture
def make_probe() -> Iterator[MakeProbe]:
    made: list[KWinProbe] = []

    def make() -> KWinProbe:
        made.append(KWinProbe())
        return made[-1]

    yield make
    for probe in made:
        probe.close()


def names(probe: KWinProbe) -> tuple[str, str] | None:
    seen = probe.current()
    return (seen.application_name, seen.window_title) if seen else None


def files(session: BusSession) -> list[Path]:
    return list((session.folder / "run").glob("*.js"))


@pytest.mark.parametrize(
    ("version", "path"), [("6", "/Scripting/Script0"), ("5", "/0")], ids=["KWin 6", "KWin 5"]
)
def test_the_script_is_run_where_each_version_has_it_and_tells(session, make_probe, version, path):
    with StandIn(session, "tests.wayland.kwin_scripting", version) as kwin:
        kwin.order(tell=[{"window": EDITOR}])
        probe = make_probe()
        assert names(probe) == ("Editor", "draft")
        assert (probe.current().process_id, probe.name) == (4321, "kwin")
        assert kwin.order()["calls"] == ["loadScript", f"run {path}"]
    assert files(session) == []


def test_where_the_scripts_number_is_anothers_it_runs_all_the_same(kwin, make_probe):
    kwin.order(other_script=0)
    assert names(make_probe()) == ("Editor", "draft")
    assert kwin.order()["calls"] == ["loadScript", "run /Scripting/Script0", "start"]


def test_a_kwin_that_runs_no_scripts_is_none_and_keeps_none(kwin, session, monkeypatch):
    monkeypatch.setattr(kwin_script, "_RUNS_S", 0.1)
    kwin.order(runs=False)
    with pytest.raises(NotOfferedError):
        KWinProbe()
    wait_until(lambda: kwin.order()["loaded"] == [], SECONDS, "the end of the script")
    assert files(session) == []


def test_a_change_is_as_old_as_the_script_says(kwin, make_probe):
    probe = make_probe()
    kwin.order(tell=[{"window": EDITOR | {"title": "second"}, "ago": 300}])
    assert 300 <= probe.wait(SECONDS) < 1000
    assert names(probe) == ("Editor", "second")


@pytest.mark.parametrize("ago", [-60_000, 60_000], ids=["to come", "long ago"])
def test_by_a_clock_that_was_set_meanwhile_it_is_new(kwin, make_probe, ago):
    probe = make_probe()
    kwin.order(tell=[{"window": EDITOR | {"title": "second"}, "ago": ago}])
    assert 0 <= probe.wait(SECONDS) < 1000


def test_changes_that_come_together_are_seen_one_by_one_each_with_its_age(kwin, make_probe):
    probe = make_probe()
    second = {"window": EDITOR | {"title": "second"}, "ago": 900}
    kwin.order(tell=[second, {"window": None, "ago": 600}, {"window": EDITOR, "ago": 300}])
    seen = [(probe.wait(SECONDS) // 300, names(probe)) for _change in range(3)]
    assert seen == [(3, ("Editor", "second")), (2, None), (1, ("Editor", "draft"))]
    assert probe.wait(0.05) is None


@pytest.mark.parametrize(
    ("window", "name"),
    [
        ({"app_class": "org.gnome.Terminal"}, "Gnome-terminal"),
        ({"app_class": "", "desktop_file": "org.kde.konsole"}, "konsole"),
        # Where DISPLAY is not set XWayland cannot be asked for the spelling.
        ({"app_class": "thunar", "x_window": 77}, "Thunar"),
    ],
)
def test_the_name_is_that_of_x11(kwin, make_probe, window, name):
    kwin.order(tell=[{"window": EDITOR | window}])
    assert names(make_probe()) == (name, "draft")


def test_a_window_of_no_class_has_its_processes_name(kwin, make_probe):
    nothing = {"app_class": "", "desktop_file": "", "title": "", "process_id": os.getpid()}
    kwin.order(tell=[{"window": EDITOR | nothing}])
    application, title = names(make_probe())
    assert application
    assert title == ""


def test_what_is_no_window_changes_nothing(kwin, make_probe):
    probe = make_probe()
    for raw in (["x", "{}"], ["1", "{"], ["1", "[]", "more"], ["1", '{"title": "x"}'], ["1"]):
        kwin.order(raw=raw)
    assert probe.wait(0.3) is None
    assert names(probe) == ("Editor", "draft")


@pytest.mark.usefixtures("kwin")
def test_a_strangers_word_is_refused(make_probe, session):
    probe = make_probe()
    to = DBusAddress("/", probe._line.unique_name, kwin_script.INTERFACE)
    call = new_method_call(to, "Tell", "ss", (str(time.time_ns() // 1_000_000), "null"))
    with open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"]) as stranger:
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(stranger.send_and_get_reply(call, timeout=SECONDS))
        )
        asking.start()
        while asking.is_alive():
            assert probe.wait(0.05) is None
    assert answers[0].header.message_type is MessageType.error
    assert names(probe) == ("Editor", "draft")


def test_a_kwin_that_restarts_loses_the_probe_and_the_next_one_sees(kwin, make_probe):
    probe = make_probe()
    kwin.restart()
    with pytest.raises(ProbeLostError):
        probe.wait(SECONDS)
    kwin.order(tell=[{"window": EDITOR | {"title": "anew"}}])
    assert names(make_probe()) == ("Editor", "anew")


def test_where_nobody_is_kwin_it_is_not_offered(monkeypatch):
    with pytest.raises(NotOfferedError):
        KWinProbe()
    assert open_probe(1.0).lack is Lack.DISPLAY
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    with pytest.raises(NotOfferedError):
        KWinProbe()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
    with pytest.raises(NotOfferedError):
        KWinProbe()


def test_two_programs_have_scripts_of_their_own_and_take_back_their_own(kwin, make_probe):
    one, other = make_probe(), make_probe()
    assert len(kwin.order()["loaded"]) == 2
    one.close()
    wait_until(lambda: len(kwin.order()["loaded"]) == 1, SECONDS, "the end of one script")
    kwin.order(tell=[{"window": EDITOR | {"title": "second"}}])
    assert other.wait(SECONDS) is not None
    assert names(other) == ("Editor", "second")


@pytest.mark.usefixtures("kwin")
def test_without_a_compositor_to_ask_there_is_no_idle_time(make_probe):
    probe = make_probe()
    assert (probe.idle_ms(), probe.watch_idle(1000), probe.learns_idle_s) == (None, False, 0)


@pytest.mark.usefixtures("kwin")
def test_another_thread_ends_a_wait_and_cuts_the_connection(make_probe):
    probe = make_probe()
    threading.Timer(0.1, probe.wake).start()
    with at_most(SECONDS / 2):
        assert probe.wait(PATIENCE_S) is None
    threading.Timer(0.1, probe.abort).start()
    with pytest.raises(ProbeLostError):
        probe.wait(SECONDS)
