"""Opens the summary window on a display, reads it, and works it by clicks and keys."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from Xlib import X, display

from installer.demo import framebuffer
from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.store.model.sessions import Put, Session, State
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from tests.desktop.summary_probe import Settings
from tests.desktop.summary_seen import Box, Seen
from tests.support import User, wait_until
from tests.unit.stored import session

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "summary"
SECONDS = 10.0
STILL_SECONDS = 0.15
RECORDING = {"running": True, "paused": False, "sync_line": "Synced 14 s ago · 0 waiting"}
# Where it is three in the afternoon: whenever these tests run, today has hours behind it.
AFTERNOON = 15


def _zone() -> timezone:
    now = datetime.now(UTC)
    minutes = AFTERNOON * 60 - now.hour * 60 - now.minute
    return timezone(timedelta(minutes=(minutes + 720) % 1440 - 720))


ZONE = _zone()


def posix_zone(zone: timezone) -> str:
    """Return what TZ must be for `zone`: its sign is the other way round."""
    seconds = -round(zone.utcoffset(None).total_seconds())
    sign, seconds = "-" if seconds < 0 else "", abs(seconds)
    return f"<RTT>{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def today() -> date:
    """Return the day that the window takes for today."""
    return datetime.now(ZONE).date()


def on_day(
    back: int, start: str, end: str, name: str = "", title: str = "", **more: Any
) -> Session:
    """Return a session `back` days ago as lived there, from ``HH:MM`` to ``HH:MM``."""
    day, offset = today() - timedelta(days=back), datetime.now(ZONE).isoformat()[-6:]
    return session(f"{day}T{start}:00{offset}", f"{day}T{end}:00{offset}", name, title, **more)


def away(back: int, start: str, end: str, state: State = State.IDLE) -> Session:
    """Return a session in which nobody was there."""
    return on_day(back, start, end, state=state)


def record(path: Path, *sessions: Session) -> None:
    """Write sessions of this computer into a file."""
    adapter = SqliteAdapter(path)
    adapter.open()
    with adapter.connection():
        SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
    adapter.close()


class Summary:
    """The window of one person's database."""

    def __init__(self, desktop: VirtualDesktop, user: User) -> None:
        self.desktop, self.user = desktop, user
        self.database = user.database
        self._read = user.folder / "read.json"
        self._status = user.folder / "status.json"
        self.set_status(RECORDING)
        self.process: subprocess.Popen[bytes] | None = None
        self.zone = ZONE

    @property
    def env(self) -> dict[str, str]:
        """The environment of the person's programs."""
        return {**self.user.env, "PYTHONPATH": str(ROOT), "TZ": posix_zone(self.zone)}

    def record(self, *sessions: Session) -> None:
        """Let this computer record sessions."""
        record(self.database, *sessions)

    def set_status(self, status: dict[str, Any] | None) -> None:
        """Let the running instance say this; None: there is none."""
        if status is None:
            self._status.unlink()
            return
        part = self._status.with_suffix(".part")
        part.write_text(json.dumps(status), "utf-8")
        part.replace(self._status)

    def open(self, **chosen: Any) -> Seen:
        """Open the window, and wait until it has the keyboard."""
        self._read.unlink(missing_ok=True)
        settings = Settings(str(self._read), str(self.database), str(self._status), **chosen)
        file = self.user.folder / "settings.json"
        file.write_text(json.dumps(asdict(settings)), "utf-8")
        probe = Path(__file__).with_name("summary_probe.py")
        self.move((1, 1))
        self.process = self.desktop.start(
            [sys.executable, "-W", "error", probe, file],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return self.wait(
            lambda seen: seen.focus and seen.find("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"),
            "the window to have the keyboard",
        )

    def report(self, *arguments: str) -> dict[str, Any]:
        """Return what `report --format json` prints for the same person."""
        done = subprocess.run(
            [sys.executable, "-m", "reprospective_tray", "report", "--format", "json", *arguments],
            env={**os.environ, **self.env},
            check=True,
            capture_output=True,
            text=True,
        )
        return dict(json.loads(done.stdout))

    @property
    def seen(self) -> Seen:
        """What it shows now."""
        return Seen(json.loads(self._read.read_text("utf-8")))

    def wait(self, holds: Any, what: str) -> Seen:
        """Wait until something `holds` of what it shows."""
        process = self.process
        assert process is not None
        found: list[Seen] = []

        def happened() -> bool:
            if not self._read.exists():
                return process.poll() is not None
            seen = self.seen
            found[:] = [seen]
            return bool(holds(seen)) or process.poll() is not None

        try:
            wait_until(happened, SECONDS, what)
        except TimeoutError as error:
            raise AssertionError(f"{error}; it shows {found[0].words() if found else []}") from None
        if process.poll() is not None:
            raise AssertionError(f"it ended: {process.stderr.read().decode()}")  # type: ignore[union-attr]
        return found[0]

    def wait_for(self, *texts: str, widget: str = "") -> Seen:
        """Wait until all these can be read, each as a text or a part of one."""

        def there(seen: Seen) -> bool:
            words = seen.words(widget)
            return all(any(text in word for word in words) for text in texts)

        return self.wait(there, f"the window to show {texts}")

    def wait_without(self, text: str, widget: str = "") -> Seen:
        """Wait until this can be read no more."""
        return self.wait(lambda seen: not seen.find(text, widget), f"{text} to go")

    def key(self, *keys: str) -> None:
        """Press keys, as xdotool names them."""
        self.desktop.xdotool("key", "--delay", 0, *keys)

    def type(self, text: str) -> None:
        """Type a text."""
        self.desktop.xdotool("type", "--delay", 1, text)

    def search(self, text: str) -> None:
        """Go to the search by its keys, and type a text there."""
        self.key("ctrl+f")
        self.wait(lambda seen: "entry" in seen.focus, "the search to have the keyboard")
        self.type(text)

    def click_at(self, point: tuple[int, int], *, button: int = 1, times: int = 1) -> None:
        """Click on a place of the screen."""
        repeat = ["--repeat", str(times), "--delay", "30", str(button)]
        self.desktop.xdotool("mousemove", *point, "click", *repeat)

    def click(self, text: str, widget: str = "", *, held: str = "", button: int = 1) -> None:
        """Click on a text, with a key `held` down."""
        seen = self.wait(lambda seen: seen.find(text, widget), f"{text!r} to be there")
        place = seen.find(text, widget)
        assert place is not None
        x, y = place.box.at(0.5)
        # The middle of a long text may lie under something else.
        x = min(x, place.box.left + 30)
        down, up = (["keydown", held], ["keyup", held]) if held else ([], [])
        self.desktop.xdotool(*down, "mousemove", x, y, "click", button, *up)

    def move(self, *points: tuple[int, int]) -> None:
        """Move the pointer over places of the screen."""
        for x, y in points:
            self.desktop.xdotool("mousemove", x, y)

    def drag(self, begin: tuple[int, int], end: tuple[int, int]) -> None:
        """Move the pointer with its first button down."""
        half = (begin[0] + end[0]) // 2, (begin[1] + end[1]) // 2
        moves = [str(each) for point in (half, end) for each in ("mousemove", *point)]
        self.desktop.xdotool("mousemove", *begin, "mousedown", 1, *moves, "mouseup", 1)

    def clipboard(self) -> str:
        """Return the text on the clipboard, as another program gets it."""
        there = display.Display(self.desktop.env["DISPLAY"])
        try:
            atom = there.intern_atom
            window = there.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
            text = atom("UTF8_STRING")
            window.convert_selection(atom("CLIPBOARD"), text, atom("RTT_TAKEN"), X.CurrentTime)
            while (event := there.next_event()).type != X.SelectionNotify:
                pass
            if not event.property:
                return ""
            taken = window.get_full_property(event.property, X.AnyPropertyType)
            return bytes(taken.value).decode()
        finally:
            there.close()

    def picture(self, name: str) -> Path:
        """Write the window as it is to ``build/summary/`` once nothing changes in it."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        still = lambda: time.time() - self._read.stat().st_mtime > STILL_SECONDS  # noqa: E731
        wait_until(still, SECONDS, "the window to be still")
        whole = Box(*self.seen_window())
        framebuffer.write_png(
            path, whole.right - whole.left, whole.bottom - whole.top, self.pixels(whole)[0]
        )
        return path

    def pixels(self, *boxes: Box) -> list[bytes]:
        """Return what is on the screen in each of them: red, green and blue, row after row."""
        width, _height, rgb = framebuffer.read(self.desktop._framebuffer)

        def within(box: Box) -> bytes:
            rows = (3 * y * width for y in range(box.top, box.bottom))
            return b"".join(rgb[row + 3 * box.left : row + 3 * box.right] for row in rows)

        return [within(box) for box in boxes]

    def seen_window(self) -> tuple[int, int, int, int]:
        """Return where the window lies, in pixels of the screen."""
        box = self.seen.place(self.seen.widgets[0])
        return box.left, box.top, box.right, box.bottom

    def close(self) -> dict[str, str]:
        """Close it by the keyboard; it ends cleanly, and this is what it remembers."""
        self.key("ctrl+w")
        return self.wait_for_the_end()

    def wait_for_the_end(self) -> dict[str, str]:
        """Wait until it has ended, cleanly; return what it remembers."""
        assert self.process is not None
        output, complaints = self.process.communicate(timeout=SECONDS)
        ended = self.process.returncode, complaints.decode()
        assert ended == (0, ""), ended
        self.process = None
        # Who closes it twice lets it remember twice.
        return dict(json.loads(output.splitlines()[-1]))

    def end(self) -> None:
        """End it whatever it does."""
        if self.process is None:
            return
        if self.process.poll() is None:
            try:
                self.close()
            except (subprocess.SubprocessError, AssertionError):
                self.process.kill()
                self.process.communicate()
                raise
        else:
            self.wait_for_the_end()
