"""Makes the pictures of the documentation: `.venv/bin/python -m installer.demo.screenshots`.

Sample weeks (`installer.demo.sample_data`) are imported first. The summary window and the page of
`report --format html` show them; then the real app records sample windows on a virtual desktop,
and its real menu is photographed.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from installer import processes, steps
from installer.demo import demonstration as demo
from installer.demo.sample_data import SATURDAY, sessions
from installer.demo.virtual_desktop import VirtualDesktop

PICTURES = steps.ROOT / "assets" / "screenshots"
READY_SECONDS = 15.0
PAGE_SIZE = "1120,950"
SUMMARY_TITLE = "Re:prospective"
DARK = ("gsettings", "set", "org.gnome.desktop.interface", "color-scheme", "prefer-dark")


def main() -> int:
    """Write the pictures; return an exit code."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    now = datetime.now().astimezone()
    day = last_workday(now.date())
    with tempfile.TemporaryDirectory() as folder, VirtualDesktop() as desktop:
        # What the desktop is told to like is kept in a file of its own home.
        desktop.env["GSETTINGS_BACKEND"] = "keyfile"
        app = demo.App(Path(sys.executable), desktop)
        sample = Path(folder) / "sample.jsonl"
        lines = (json.dumps(session, ensure_ascii=False) for session in sessions(now))
        sample.write_text("\n".join(lines), "utf-8")
        app.ask("import", str(sample)).check_returncode()
        page = app.ask("report", "--date", day.isoformat(), "--format", "html")
        page.check_returncode()
        photograph_page(page.stdout, Path(folder))
        samples = desktop.start([app.python, demo.SAMPLES], stdin=subprocess.PIPE)
        demo.leave_first_start(desktop.home)
        running = desktop.start(app.command("run"), cwd=steps.ROOT)
        processes.wait_until(app.is_running, READY_SECONDS, "the app")
        back = (now.date() - day).days
        photograph_window(app, PICTURES / "summary.png", ["Left"] * back)
        desktop.run(*DARK)
        photograph_window(app, PICTURES / "summary-week-dark.png", ["Left"] * back + ["w", "Left"])
        demo.play(desktop, samples)
        demo.open_menu(desktop, PICTURES / "tray-menu.png")
        running.terminate()
        running.wait(READY_SECONDS)
    return 0


def last_workday(today: date) -> date:
    """Return the last day before `today` that is neither Saturday nor Sunday."""
    day = today - timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day -= timedelta(days=1)
    return day


def photograph_window(app: demo.App, picture: Path, keys: list[str]) -> None:
    """Open the summary, press `keys`, and take its picture once it holds still."""
    desktop = app.desktop
    window = desktop.start(app.command("summary"), cwd=steps.ROOT)
    found = desktop.xdotool("search", "--sync", "--onlyvisible", "--name", SUMMARY_TITLE)
    desktop.xdotool("windowactivate", "--sync", found.split()[0])
    for key in keys:
        desktop.xdotool("key", key)
    desktop.xdotool("mousemove", 1, 1)
    desktop.settled_screenshot(picture, still_for=2.0)
    window.terminate()
    window.wait(READY_SECONDS)


def photograph_page(html: str, folder: Path) -> None:
    """Take the picture of a report in Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise steps.StepFailedError("Chromium is missing: run the tests once, which install it.")
    page = folder / "report.html"
    page.write_text(html, "utf-8")
    command = [
        *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--hide-scrollbars", f"--window-size={PAGE_SIZE}"),
        *(f"--user-data-dir={folder / 'profile'}", f"--screenshot={PICTURES / 'report.png'}"),
        page.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


if __name__ == "__main__":
    raise SystemExit(main())
