"""Somebody at a virtual desktop, told by lines of JSON on the standard input what to do.

Runs in the clean system by its own Python: nothing is imported here but the standard library
and the virtual desktop, which needs no more.
"""

import json
import socket
import sqlite3
import subprocess
import sys
import time
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

from installer import processes
from installer.demo import demonstration as demo
from installer.demo.virtual_desktop import VirtualDesktop

NAME = "reprospective-tray"
SECONDS = 30.0
ENTRY = Path(f"/usr/share/applications/{NAME}.desktop")
SUMMARY = "Re:prospective"
WINDOW = ("xterm", "-T", "Harbour plan", "-e", "cat")


class Person:
    """What they can do."""

    def __init__(self, desktop: VirtualDesktop, program: str) -> None:
        """Sit down at `desktop`, where a window is in front; `program` is what they start."""
        self._desktop = desktop
        self._program = program
        self._running: subprocess.Popen[bytes] | None = None
        desktop.start(WINDOW)
        found = desktop.xdotool("search", "--sync", "--onlyvisible", "--class", "xterm")
        desktop.xdotool("windowactivate", "--sync", found.split()[0])

    def rows(self) -> list[dict[str, Any]]:
        """Return the sessions that are in their file."""
        file = self._desktop.home / ".local/share" / NAME / "data/local_cache.db"
        if not file.exists():
            return []
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            try:
                found = database.execute("SELECT * FROM desktop_activity_sessions ORDER BY id")
                return [dict(row) for row in found]
            except sqlite3.OperationalError:
                return []  # not made yet, or being made

    def tables(self) -> list[str]:
        """Return the names of the tables in their file."""
        file = self._desktop.home / ".local/share" / NAME / "data/local_cache.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return sorted(name for (name,) in found)

    def run(self) -> float:
        """Start the program; return when one more session than before is in the file, as time."""
        demo.leave_first_start(self._desktop.home)
        before = len(self.rows())
        self._running = self._desktop.start([self._program, "run"], cwd="/")
        processes.wait_until(lambda: len(self.rows()) > before, SECONDS, "the first session")
        return time.time()

    def rename(self, title: str) -> None:
        """Give the window in front another title, and wait until that is a session."""
        window = self._desktop.xdotool("getactivewindow")
        self._desktop.xdotool("set_window", "--name", title, window)

        def is_stored() -> bool:
            return any(row["window_title"] == title for row in self.rows())

        processes.wait_until(is_stored, SECONDS, f"a session named {title}")

    def menu(self, picture: str) -> bool:
        """Open the icon's menu, take its picture, close it; say whether it opened."""
        # A panel may place the icon a moment after it has taken it.
        self._desktop.settled_screenshot(self._desktop.home / picture, still_for=1.0)
        return demo.open_menu(self._desktop, self._desktop.home / picture) is not None

    def summary(self, picture: str) -> None:
        """Start the program once more while it runs, and take its window's picture.

        By a click in the desktop's menu where it has an entry there.
        """
        again = ("gio", "launch", ENTRY) if ENTRY.exists() else (self._program, "run")
        self._desktop.run(*again)
        # The icon is a window of the same name, but never the active one.
        processes.wait_until(lambda: self._active() == SUMMARY, SECONDS, "the summary")
        window = self._desktop.xdotool("getactivewindow")
        self._desktop.settled_screenshot(self._desktop.home / picture, still_for=1.0)
        self._desktop.xdotool("windowclose", window)

    def _active(self) -> str:
        """Return the name of the active window; '' where there is none."""
        try:
            return self._desktop.xdotool("getactivewindow", "getwindowname")
        except subprocess.CalledProcessError:
            return ""

    def ask(self, *words: str) -> dict[str, Any]:
        """Run a command of the program to its end."""
        done = subprocess.run(
            [self._program, *words],
            env=self._desktop.env,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        return {"code": done.returncode, "out": done.stdout, "err": done.stderr}

    def use(self, program: str) -> None:
        """Start the program from another place from now on."""
        self._program = program

    def opened_with(self, note: str) -> dict[str, str]:
        """Have the running program open its log folder; return the variables that the opener got.

        It is one that writes them into the file `note` of the home folder.
        """
        state = self._desktop.home / ".local/state" / NAME
        there = json.loads((state / "instance.json").read_text("utf-8"))
        asked = {"token": there["token"], "command": "open_log_folder", "arguments": {}}
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(there["address"])
            line.sendall(json.dumps(asked).encode() + b"\n")
            answer = json.loads(line.makefile().readline())
        assert answer["result"] == {}, answer
        written = self._desktop.home / note
        processes.wait_until(written.exists, SECONDS, "something to be opened")
        pairs = written.read_text("utf-8").split("\0")
        return dict(pair.split("=", 1) for pair in pairs if pair)

    def variables(self) -> dict[str, str]:
        """Return the variables that the program was started with."""
        return self._desktop.env

    def loaded(self) -> list[str]:
        """Return the libraries that the running program has loaded, by their paths."""
        assert self._running is not None
        lines = Path(f"/proc/{self._running.pid}/maps").read_text("utf-8").splitlines()
        return sorted({line.split(maxsplit=5)[5] for line in lines if ".so" in line})

    def stop(self) -> int:
        """End the program as a log-out does; return its exit code."""
        assert self._running is not None
        self._running.terminate()
        return self._running.wait(SECONDS)

    def said(self) -> str:
        """Return what the program has printed since it was started."""
        return self._desktop.log(NAME)


def main() -> None:
    """Do what each line says, and answer it by a line, until there are none."""
    program, panel = sys.argv[1:]
    with VirtualDesktop(home=Path.home(), panel=panel) as desktop:
        person = Person(desktop, program)
        print(json.dumps({"done": "ready"}), flush=True)
        for line in sys.stdin:
            what, *words = json.loads(line)
            try:
                answer = {"done": getattr(person, what)(*words)}
            except Exception:  # noqa: BLE001  whoever told us to is told why not
                answer = {"error": traceback.format_exc()}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
