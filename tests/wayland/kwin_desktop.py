"""KWin without a screen, on a bus of its own, with programs that open windows on it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from installer.demo.private_desktop import READY_SECONDS, PrivateDesktop
from installer.demo.x_protocol import remove_files
from tests.desktop.mocked_services import Bus
from tests.support import wait_until

KWIN = shutil.which("kwin_wayland")
SOCKET = "wayland-kwin"
X_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108  where X servers listen
# With this a script ends itself.
END = 'callDBus("org.kde.KWin", "/Scripting", "org.kde.kwin.Scripting", "unloadScript", "order");'
CLIENT = Path(__file__).parents[1] / "wayland" / "client.py"


class KWinDesktop(PrivateDesktop):
    """KWin with XWayland; it may be killed and started anew."""

    def __init__(self) -> None:
        session = {"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "KDE"}
        super().__init__(home=None, environment=session)
        self._kwin: subprocess.Popen[bytes] | None = None

    def screenshot(self, path: Path) -> Path:
        raise NotImplementedError(path)

    def kill_kwin(self) -> None:
        """Kill it at once, as a crash would."""
        self._kwin.kill()
        self._kwin.wait()
        self._clear_up()

    def start_kwin(self) -> None:
        """Start it, and return when it answers; `env` has its names."""
        names = self.folder / "names"
        names.unlink(missing_ok=True)
        # The program that it starts says what its programs are told.
        told = f"/bin/sh -c 'env > {names}.part && mv {names}.part {names}'"
        self._kwin = self._part(
            *(str(self._binary), "--virtual", "--no-lockscreen", "--no-global-shortcuts"),
            *("--xwayland", "--socket", SOCKET, told),
        )
        self._await("kwin_wayland", names.exists)
        self._await_name("kwin_wayland", "org.kde.KWin")
        lines = dict(line.partition("=")[::2] for line in names.read_text("utf-8").splitlines())
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"):
            if lines.get(name):
                self.env[name] = lines[name]

    def do(self, script: str) -> None:
        """Let KWin do what a line of JavaScript says."""
        file = self.folder / "order.js"
        file.write_text(script, "utf-8")
        scripting = "org.kde.KWin", "/Scripting", "org.kde.kwin.Scripting"
        self._bus.call(*scripting, "loadScript", "ss", str(file), "order")
        # Whatever its number is.
        self._bus.call(*scripting, "start")
        wait_until(lambda: not self.has_script("order"), READY_SECONDS, "the end of the order")

    def activate(self, title: str) -> None:
        """Give the window with a title the focus, as a person does with the pager."""
        self.do(f"""
            // KWin 6 has windows, KWin 5 has clients.
            var isSix = workspace.windowList !== undefined;
            var windows = isSix ? workspace.windowList() : workspace.clientList();
            windows.forEach(function (window) {{
                if (window.caption === {json.dumps(title)}) {{
                    workspace[isSix ? "activeWindow" : "activeClient"] = window;
                }}
            }});
            {END}""")

    def has_script(self, name: str) -> bool:
        """Say whether KWin has loaded a script."""
        scripting = "org.kde.KWin", "/Scripting", "org.kde.kwin.Scripting"
        return bool(self._bus.call(*scripting, "isScriptLoaded", "s", name)[0])

    def close(self) -> None:
        self._bus.close()
        super().close()

    def _come_up(self) -> None:
        assert KWIN is not None
        # On a machine where no X server ran yet: others make it themselves.
        if not X_SOCKETS.exists():
            X_SOCKETS.mkdir()
            X_SOCKETS.chmod(0o1777)
        # The installed file has a capability, which a process without it may not run.
        self._binary = Path(shutil.copy(KWIN, self.folder / "kwin_wayland"))
        self._start_bus()
        self._bus = Bus(self.env["DBUS_SESSION_BUS_ADDRESS"])
        self.start_kwin()

    def _clear_up(self) -> None:
        """Remove the sockets of an XWayland whose KWin was killed."""
        if self._kwin is not None and self._kwin.poll() not in {None, 0} and "DISPLAY" in self.env:
            remove_files(int(self.env["DISPLAY"].partition(".")[0][1:]))

    def _seen(self) -> bytes:
        return b""


class Client:
    """A Wayland program, whose windows have numbers."""

    def __init__(self, desktop: KWinDesktop) -> None:
        self.process = desktop.start([sys.executable, CLIENT], stdin=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        self.process.stdin.close()
        self.process.wait(5)

    def open(self, number: int, app_id: str, title: str | None) -> None:
        self._order(open=number, app_id=app_id, title=title, fullscreen=False)

    def rename(self, number: int, title: str) -> None:
        self._order(rename=number, title=title)

    def close(self, number: int) -> None:
        self._order(close=number)

    def _order(self, **what: Any) -> None:
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        self.process.stdin.flush()
