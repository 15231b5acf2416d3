"""The tray icon in real panels: shown, clicked, changed, and missing."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from installer.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("tray_script.py")
NOTIFIER = Path(__file__).with_name("status_notifier.py")
SECONDS = 10.0
MODES = ("recording", "paused", "idle", "locked", "attention")


class Tray:
    """The tray icon's process on a desktop."""

    def __init__(self, desktop: VirtualDesktop, *arguments: str, **env: str) -> None:
        self.desktop = desktop
        self.process = desktop.start(
            [sys.executable, SCRIPT, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT), **env},
        )
        self._said: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self._said.put(json.loads(line))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._thread.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def tell(self, what: object) -> None:
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, kind: str):
        """The next line of a kind; what else was said before is forgotten."""
        while True:
            line = self._said.get(timeout=SECONDS)
            if kind in line:
                return line[kind]
            assert "error" not in line, line

    def look(self) -> dict:
        self.tell("look")
        return self.hear("look")

    def said_until_a_look(self) -> tuple[list, dict]:
        """Look, and tell what was clicked before that, too."""
        self.tell("look")
        said = []
        while "look" not in (line := self._said.get(timeout=SECONDS)):
            said.append(line)
        return said, line["look"]

    def await_look(self, predicate) -> dict:
        seen = {}

        def holds() -> bool:
            nonlocal seen
            seen = self.look()
            return predicate(seen)

        wait_until(holds, SECONDS, "the icon to be as expected")
        return seen

    def click(self, button: int) -> None:
        self.desktop.xdotool("mousemove", *self.desktop.tray_icon_position(), "click", button)

    def open_menu(self) -> None:
        self.await_look(lambda seen: seen["shown"])
        # A panel may place the icon a moment after it has taken it.
        self.desktop.settled_screenshot(self.desktop.folder / "settled.png")
        self.click(3)
        self.await_look(lambda seen: seen["open"])

    def end(self) -> int:
        self.tell("stop")
        return self.process.wait(SECONDS)


@contextlib.contextmanager
def running(desktop: VirtualDesktop, *arguments: str, **env: str) -> Iterator[Tray]:
    tray = Tray(desktop, *arguments, **env)
    try:
        yield tray
    finally:
        tray.close()


@pytest.fixture
def tray(desktop: VirtualDesktop) -> Iterator[Tray]:
    with running(desktop) as made:
        assert made.hear("ready") == ["gtk", "", ""]
        yield made


@pytest.fixture
def notifier(statusnotifier_desktop: VirtualDesktop) -> Iterator[Tray]:
    with running(statusnotifier_desktop) as made:
        assert made.hear("ready") == ["appindicator", "", ""]
        yield made


def item(tray: Tray) -> dict:
    """What the panel is told of the icon, once it knows one."""
    seen = None

    def known() -> bool:
        nonlocal seen
        seen = json.loads(tray.desktop.run(sys.executable, NOTIFIER, "look"))
        return seen is not None and seen["Status"] == "Active" and bool(seen["lines"])

    wait_until(known, SECONDS, "the icon at the panel")
    return seen


def await_item(tray: Tray, predicate) -> dict:
    wait_until(lambda: predicate(item(tray)), SECONDS, "the panel to be told")
    return item(tray)


def texts(seen: dict) -> list[str]:
    return [line["label"] for line in seen["lines"] if not line["separator"]]


def test_the_last_line_of_the_real_menu_quits(tray):
    tray.open_menu()
    tray.desktop.xdotool("key", "Up", "Return")
    assert tray.hear("action") == ["quit", {}]


def test_a_pause_is_clicked_in_the_real_submenu(tray):
    tray.open_menu()
    tray.desktop.xdotool("key", "Down", "Down", "Right", "Down", "Return")
    assert tray.hear("action") == ["pause", {"for": "1 hour"}]


def test_a_click_on_the_icon_opens_the_summary(tray):
    tray.await_look(lambda seen: seen["shown"])
    tray.desktop.settled_screenshot(tray.desktop.folder / "settled.png")
    tray.click(1)
    assert tray.hear("action") == ["open_summary", {}]


def test_an_open_menu_stays_open_while_its_text_changes(tray):
    tray.tell({"today_active_ms": 60_000, "application_name": "Code"})
    tray.await_look(lambda seen: seen["labels"][0] == "1 m 00 s today · Code")
    tray.open_menu()
    tray.tell({"today_active_ms": 120_000, "application_name": "a_b & <c>"})
    seen = tray.await_look(lambda seen: seen["labels"][0] == "2 m 00 s today · a_b & <c>")
    assert seen["open"]
    tray.desktop.xdotool("key", "Up", "Return")
    assert tray.hear("action") == ["quit", {}]


def test_a_check_mark_changes_in_an_open_menu_and_only_a_person_clicks_it(tray):
    tray.tell({"starts_at_login": False})
    tray.await_look(lambda seen: "Start at login ☐" in seen["labels"])
    tray.open_menu()
    tray.tell({"starts_at_login": True})
    actions, seen = tray.said_until_a_look()
    assert (actions, seen["open"]) == ([], True)
    assert "Start at login ✓" in seen["labels"]
    tray.desktop.xdotool("key", "Up", "Up", "Up", "Up", "Return")
    assert tray.hear("action") == ["start_at_login", {"on": False}]
    # Whether the click has done anything is not the menu's to say.
    actions, seen = tray.said_until_a_look()
    assert actions == []
    assert "Start at login ✓" in seen["labels"]
    tray.tell({"starts_at_login": None})
    tray.await_look(lambda seen: not [label for label in seen["labels"] if "login" in label])


def test_a_new_line_waits_until_the_menu_is_closed(tray):
    tray.open_menu()
    tray.tell({"mode": "attention", "problem": "The disk is full."})
    seen = tray.await_look(lambda seen: "The disk is full." in seen["tooltip"])
    assert seen["open"]
    assert "The disk is full." not in seen["labels"]
    tray.desktop.xdotool("key", "Escape")
    seen = tray.await_look(lambda seen: "The disk is full." in seen["labels"])
    assert not seen["open"]


def test_resume_takes_the_place_of_pause_and_back(tray):
    before = tray.look()["labels"]
    tray.tell({"mode": "paused"})
    seen = tray.await_look(lambda seen: "Resume" in seen["labels"])
    assert seen["labels"][0].startswith("Paused until you resume")
    assert seen["labels"][3] == "Resume"
    assert seen["labels"][4][0] == "Change pause"
    assert len(seen["labels"]) == len(before) + 1
    tray.tell({"mode": "recording"})
    assert tray.await_look(lambda seen: "Resume" not in seen["labels"])["labels"] == before


def test_the_tooltip_says_how_things_stand(tray):
    tray.tell({"today_active_ms": 60_000, "application_name": "Code"})
    tray.await_look(lambda seen: seen["tooltip"] == "Re:prospective: 1 m 00 s today · Code")


def test_the_icon_ends_on_sigterm_and_leaves_nothing_behind(desktop, tmp_path):
    with running(desktop, XDG_RUNTIME_DIR=str(tmp_path)) as tray:
        tray.await_look(lambda seen: seen["shown"])
        assert len(list(tmp_path.glob("reprospective-tray-*/*.png"))) == len(MODES)
        tray.process.terminate()
        assert tray.process.wait(SECONDS) == 0
        assert not list(tmp_path.glob("reprospective-tray-*"))


def test_no_session_bus_is_needed(desktop, tmp_path):
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": str(tmp_path)}
    with running(desktop, **nowhere) as tray:
        assert tray.hear("ready") == ["gtk", "", ""]
        tray.await_look(lambda seen: seen["shown"] and seen["has_menu"])
        assert tray.end() == 0


def test_without_pygobject_a_click_asks_for_the_window(desktop):
    with running(desktop, "--without-gi") as tray:
        name, problem, remedy = tray.hear("ready")
        assert (name, "no menu" in problem) == ("xorg", True)
        assert "python3-gi" in remedy
        assert not tray.await_look(lambda seen: seen["shown"])["has_menu"]
        tray.desktop.settled_screenshot(desktop.folder / "settled.png")
        for button in (1, 3):
            tray.click(button)
            assert tray.hear("action") == ["show", {}]
        tray.tell({"mode": "paused"})
        assert tray.end() == 0


def test_a_desktop_without_a_tray_is_told_what_to_enable():
    with VirtualDesktop(panel=None) as bare, running(bare) as tray:
        name, problem, remedy = tray.hear("ready")
        assert (name, "No tray was found" in problem) == ("appindicator", True)
        assert "GNOME" in remedy
        seen = tray.look()
        assert (seen["shown"], seen["has_menu"]) == (False, False)
        assert tray.end() == 0


def test_without_a_display_it_says_so_and_ends(desktop):
    with running(desktop, DISPLAY="") as tray:
        tray.process.stdin.close()
        what, remedy = tray._said.get(timeout=SECONDS)["error"]
        assert "no display" in what
        assert "--no-tray" in remedy
        assert tray.process.wait(SECONDS) == 0


def test_a_panel_reads_the_menu_over_the_bus(notifier):
    notifier.tell({"today_active_ms": 60_000, "application_name": "a_b"})
    seen = await_item(notifier, lambda seen: seen["Title"].endswith("a_b"))
    # A panel takes one underline for a key to press, and two for one to show.
    assert texts(seen)[0].replace("__", "_") == "1 m 00 s today · a_b"
    assert texts(seen)[1:] == [
        "Open summary",
        "Pause tracking",
        "Forget",
        "Open settings",
        "Open log folder",
        "Quit",
    ]
    assert not seen["lines"][0]["enabled"]
    pause = next(line for line in seen["lines"] if line["label"] == "Pause tracking")
    assert len(pause["lines"]) == 4


@pytest.mark.parametrize(
    ("label", "action"),
    [("Open settings", ["open_settings", {}]), ("15 minutes", ["pause", {"for": "15 minutes"}])],
)
def test_a_click_over_the_bus_is_handed_on(notifier, label, action):
    item(notifier)
    notifier.desktop.run(sys.executable, NOTIFIER, "click", label)
    assert notifier.hear("action") == action


def test_each_mode_has_a_picture_that_the_panel_can_find(notifier):
    names = set()
    for mode in MODES:
        notifier.tell({"mode": mode})
        seen = await_item(notifier, lambda seen, mode=mode: mode in seen["IconName"])
        assert Path(seen["IconThemePath"], f"{seen['IconName']}.png").is_file()
        names.add(seen["IconName"])
    assert len(names) == len(MODES)


def test_lines_come_and_go_over_the_bus(notifier):
    notifier.tell({"mode": "paused", "problem": "The disk is full."})
    seen = await_item(notifier, lambda seen: "Resume" in texts(seen))
    assert texts(seen)[1:4] == ["The disk is full.", "Open summary", "Resume"]
    notifier.tell({"mode": "recording", "problem": ""})
    seen = await_item(notifier, lambda seen: "Resume" not in texts(seen))
    assert len(texts(seen)) == 7


def test_the_notification_service_gets_the_texts_as_they_are(desktop):
    code = (
        "from reprospective_tray.desktop.notifications import Notifier\n"
        "assert Notifier().notify('Title & <b>', 'Body & <i>')"
    )
    environment = {**desktop.env, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=SECONDS)
    desktop.run("dunstctl", "close-all")
    shown = json.loads(desktop.run("dunstctl", "history"))["data"][0]
    texts_shown = [(one["summary"]["data"], one["body"]["data"]) for one in shown]
    assert ("Title & <b>", "Body &amp; &lt;i&gt;") in texts_shown
