"""Shows the app at work on a virtual desktop: sample windows in use, tray icon, menu, report."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from installer import processes, steps
from installer.demo.virtual_desktop import DesktopError, VirtualDesktop

FOLDER = steps.BUILD / "demo"
SAMPLES = Path(__file__).with_name("sample_windows.py")
STARTED_SECONDS = 20.0
MENU_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of the demo: this window is used for so long, under this title."""

    application: str
    seconds: float
    title: str = ""


SCENES = (
    Scene("Editor", 6, "invoice.py - Sample Editor"),
    Scene("Browser", 5, "Tides - Sample Browser"),
    Scene("Browser", 4, "Harbours - Sample Browser"),
    Scene("Editor", 5, "test_invoice.py - Sample Editor"),
    Scene("Mail", 4, "Inbox - Sample Mail"),
    Scene("Mail", 5, "Re: lunch - Sample Mail"),
    Scene("Terminal", 6, "週報 - サンプル端末"),
    Scene("Terminal", 3, "集計.csv - サンプル端末"),
    Scene("Editor", 7, "invoice.py - Sample Editor"),
)


@dataclass(frozen=True, slots=True)
class App:
    """The app as the demo uses it: its interpreter and the desktop it runs on."""

    python: Path
    desktop: VirtualDesktop

    def command(self, *words: str) -> list[str]:
        """Return the words of one of the app's commands."""
        return [str(self.python), "-m", "reprospective_tray", *words]

    def ask(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the app to its end."""
        return subprocess.run(
            self.command(*words),
            env=self.desktop.env,
            cwd=steps.ROOT,
            capture_output=True,
            text=True,
            timeout=STARTED_SECONDS,
            check=False,
        )

    def is_running(self) -> bool:
        """Say whether the running instance answers."""
        answer = self.ask("status", "--json")
        return answer.returncode == 0 and bool(json.loads(answer.stdout).get("running"))


def show(python: Path) -> int:
    """Run the demo with the app of the virtual environment `python`; return an exit code."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    home = FOLDER / "home"
    home.mkdir(mode=0o700, parents=True)
    steps.say(f"Its data goes into a private folder of its own: {home.relative_to(steps.ROOT)}")
    try:
        with ended_by_signals(), VirtualDesktop(home=home, notifications=True) as desktop:
            return perform(App(python, desktop))
    except (DesktopError, TimeoutError, subprocess.SubprocessError) as error:
        raise steps.StepFailedError(f"The demo could not be shown: {error}") from error


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo in good order, like Ctrl+C."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def perform(app: App) -> int:
    """Play the whole piece; return an exit code."""
    desktop = app.desktop
    samples = desktop.start([app.python, SAMPLES], stdin=subprocess.PIPE)
    leave_first_start(desktop.home)
    running = desktop.start(app.command("run"), cwd=steps.ROOT)
    steps.say("Starting the app; its tray icon shows in the panel of the virtual desktop.")
    try:
        processes.wait_until(
            lambda: running.poll() is not None or app.is_running(), STARTED_SECONDS, "the app"
        )
    except TimeoutError:
        running.kill()
    if running.poll() is not None:
        steps.warn("The app did not start; it said:\n" + desktop.log(app.python.name))
        return 1
    for application in sorted({scene.application for scene in SCENES}):
        find(desktop, application)
    seconds = sum(scene.seconds for scene in SCENES)
    steps.say(f"Sample windows are being used now, for {seconds:g} seconds.")
    play(desktop, samples)
    at_work = desktop.screenshot(FOLDER / "desktop.png")
    menu = open_menu(desktop, FOLDER / "tray-menu.png")
    running.send_signal(signal.SIGTERM)
    running.wait(STARTED_SECONDS)
    report = app.ask("report", "--titles", "10")
    steps.say("\nWhat was recorded (reprospective-tray report):\n")
    steps.say(report.stdout.rstrip() or report.stderr.rstrip())
    pictures = [picture for picture in (at_work, menu) if picture]
    steps.say("\nScreenshots: " + ", ".join(str(p.relative_to(steps.ROOT)) for p in pictures))
    if menu is None:
        steps.warn("The tray menu did not open, so there is no picture of it.")
    return report.returncode or int(menu is None)


def leave_first_start(home: Path) -> None:
    """Let the program in `home` believe that it ran before: it greets nobody then."""
    state = home / ".local" / "state" / "reprospective-tray" / "state.json"
    if not state.exists():
        state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.write_text('{"first_start_at": 1}', "utf-8")


def find(desktop: VirtualDesktop, application: str) -> str:
    """Return the id of a sample window, as soon as it is there."""
    return desktop.xdotool("search", "--sync", "--onlyvisible", "--class", application).split()[0]


def play(desktop: VirtualDesktop, samples: "subprocess.Popen[bytes]") -> None:
    """Use the sample windows as the scenes have it; a title changes while its window is used."""
    assert samples.stdin is not None
    for scene in SCENES:
        until = time.monotonic() + scene.seconds
        steps.say(f"  {scene.application}: {scene.title}")
        order = {"window": scene.application.lower(), "title": scene.title}
        desktop.xdotool("windowactivate", "--sync", find(desktop, scene.application))
        samples.stdin.write(json.dumps(order).encode() + b"\n")
        samples.stdin.flush()
        time.sleep(max(0.0, until - time.monotonic()))  # somebody reads; no event ends that


def open_menu(desktop: VirtualDesktop, picture: Path) -> Path | None:
    """Open the tray menu as a person would, take its picture, and close it; None: it stays shut."""
    before = desktop.menus()
    x, y = desktop.tray_icon_position()
    desktop.xdotool("mousemove", x, y, "click", 3)
    try:
        processes.wait_until(lambda: desktop.menus() - before, MENU_SECONDS, "the menu")
    except TimeoutError:
        return None
    desktop.settled_screenshot(picture)
    desktop.xdotool("key", "Escape")
    return picture
