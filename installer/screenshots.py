"""Makes the pictures of README anew: `.venv/bin/python -m installer.screenshots`.

A sample morning is imported first; then the real app records sample windows on
a virtual desktop, and its real menu and window are photographed.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from installer import demo, processes, steps
from installer.virtual_desktop import VirtualDesktop

PICTURES = steps.ROOT / "assets" / "screenshots"
READY_SECONDS = 15.0
SUMMARY_TITLE = "Re:prospective"

WORK = (
    ("Editor", ("invoice.py - Sample Editor", "test_invoice.py - Sample Editor"), 12),
    ("Browser", ("Tides - Sample Browser", "Harbours - Sample Browser"), 6),
    ("Mail", ("Inbox - Sample Mail", "Re: lunch - Sample Mail"), 4),
    ("Terminal", ("週報 - サンプル端末", "集計.csv - サンプル端末"), 5),
    ("Calendar", ("This week - Sample Calendar",), 2),
)


def sample_morning(now: datetime) -> Iterator[dict[str, str]]:
    """Yield made-up sessions of today up to a little before `now`; the same for the same time."""
    chance = random.Random(4)  # noqa: S311  a picture that repeats
    at = max(now.replace(hour=8, minute=33), now - timedelta(hours=9))
    while at < now - timedelta(minutes=2):
        application, titles, weight = chance.choice(WORK)
        idle = chance.random() < 0.06  # noqa: PLR2004  a person is away now and then
        length = timedelta(minutes=chance.uniform(0.5, 25 if idle else weight * 1.5))
        end = min(at + length, now - timedelta(minutes=2))
        yield {
            "state": "idle" if idle else "active",
            "application_name": "" if idle else application,
            "window_title": "" if idle else chance.choice(titles),
            "started_at": at.isoformat(timespec="milliseconds"),
            "ended_at": end.isoformat(timespec="milliseconds"),
        }
        at = end


def main() -> int:
    """Write the pictures; return an exit code."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, VirtualDesktop() as desktop:
        app = demo.App(Path(sys.executable), desktop)
        sample = Path(folder) / "sample.jsonl"
        lines = [json.dumps(session) for session in sample_morning(datetime.now().astimezone())]
        sample.write_text("\n".join(lines), "utf-8")
        app.ask("import", str(sample)).check_returncode()
        samples = desktop.start([app.python, demo.SAMPLES], stdin=subprocess.PIPE)
        running = desktop.start(app.command("run"), cwd=steps.ROOT)
        processes.wait_until(app.is_running, READY_SECONDS, "the app")
        window = desktop.start(app.command("summary"), cwd=steps.ROOT)
        desktop.xdotool("search", "--sync", "--onlyvisible", "--name", SUMMARY_TITLE)
        desktop.settled_screenshot(PICTURES / "summary.png", still_for=2.0)
        window.terminate()
        window.wait(READY_SECONDS)
        demo.play(desktop, samples)
        demo.open_menu(desktop, PICTURES / "tray-menu.png")
        running.terminate()
        running.wait(READY_SECONDS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
