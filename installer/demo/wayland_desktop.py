"""A whole Wayland desktop without a screen: sway, its bar, XWayland and a session bus, all private.

Needs Python's standard library alone, and Linux with the packages of
`installer.system_packages.WAYLAND_DESKTOP`. As root, who may not run sway, all of it and every
program on it run as the user nobody.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from installer import unprivileged
from installer.demo.private_desktop import READY_SECONDS, PrivateDesktop
from installer.demo.sway_ipc import SwayIpc
from installer.demo.x_protocol import remove_files

if TYPE_CHECKING:
    from collections.abc import Sequence

BACKGROUND = "#6d8fa8"
BAR_HEIGHT = 34
WATCHER = "org.kde.StatusNotifierWatcher"


class WaylandDesktop(PrivateDesktop):
    """A desktop of its own, for as long as the ``with`` block lasts.

    Its outputs are HEADLESS-1, HEADLESS-2 and so on, from left to right.
    """

    def __init__(  # noqa: PLR0913  each is a choice of its own, named at the call
        self,
        *,
        bar: bool = False,
        xwayland: bool = True,
        outputs: int = 1,
        home: Path | None = None,
        size: tuple[int, int] = (1280, 800),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Say what the desktop consists of; it starts with the ``with`` block.

        Args:
            bar: Whether swaybar shows tray icons (StatusNotifier).
            xwayland: Whether programs of X11 can run.
            outputs: How many screens there are.
            home: A folder to be the home folder; it is made, and it stays.
            size: Width and height of each screen, in pixels.
            environment: Variables to add for all programs, sway included.
        """
        super().__init__(home=home, environment=environment)
        self.prefix: Sequence[str] = unprivileged.prefix()
        self.size = size
        self._bar = bar
        self._xwayland = xwayland
        self._outputs = outputs
        self._sway: subprocess.Popen[bytes] | None = None

    def ipc(self) -> SwayIpc:
        """Return a new connection to sway."""
        return SwayIpc(self.env["SWAYSOCK"])

    def swaymsg(self, *words: str) -> None:
        """Let sway do something, as a line of its config would.

        Raises:
            SwayError: it did not.
        """
        with self.ipc() as ipc:
            ipc.command(" ".join(words))

    def screenshot(self, path: Path) -> Path:
        """Write the screens as they are now to a PNG file."""
        self.run("grim", path)
        return path

    def kill_compositor(self) -> None:
        """Kill sway at once, as a crash of it would; its clients lose their connections."""
        if self._sway is not None:
            self._sway.kill()
            self._sway.wait()
        self._remove_x_files()

    def restart_compositor(self) -> None:
        """Start sway anew after its end; `env` has its names, which are mostly the old ones.

        Raises:
            DesktopError: it did not come up.
        """
        self._start_sway()

    def _come_up(self) -> None:
        self.env |= {
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "sway",
            "SWAYSOCK": str(self.folder / "run" / "sway.sock"),
        } | self._extra
        unprivileged.give(self.folder)
        if self._asked_home:
            unprivileged.give(self.home)
        self._start_bus()
        self._start_sway()

    def _clear_up(self) -> None:
        self._remove_x_files()

    def _seen(self) -> bytes:
        grim = [*self.prefix, "grim", "-t", "ppm", "-"]
        return subprocess.run(
            grim, env=self.env, check=True, capture_output=True, timeout=READY_SECONDS
        ).stdout

    def _start_sway(self) -> None:
        told = self.folder / "told"
        told.unlink(missing_ok=True)
        Path(self.env["SWAYSOCK"]).unlink(missing_ok=True)
        for name in ("WAYLAND_DISPLAY", "DISPLAY"):
            self.env.pop(name, None)
        config = self.folder / "sway.conf"
        config.write_text(self._config(told), "utf-8")
        before = dict(self.env)
        self.env |= {
            "WLR_BACKENDS": "headless",
            "WLR_HEADLESS_OUTPUTS": str(self._outputs),
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman",
        }
        try:
            self._sway = self._part("sway", "--config", str(config))
        finally:
            self.env = before
        self._await("sway", told.exists)
        names = dict(line.partition("=")[::2] for line in told.read_text("utf-8").splitlines())
        self.env |= {
            name: names[name] for name in ("WAYLAND_DISPLAY", "DISPLAY") if names.get(name)
        }
        if self._bar:
            self._await_name("sway", WATCHER)

    def _config(self, told: Path) -> str:
        width, height = self.size
        lines = [
            f"xwayland {'enable' if self._xwayland else 'disable'}",
            f"output * resolution {width}x{height} bg {BACKGROUND} solid_color",
            *(
                f"output HEADLESS-{number + 1} position {number * width} 0"
                for number in range(self._outputs)
            ),
            # Windows keep their sizes: who opens one need not answer for all others.
            "default_border none",
            "for_window [app_id=.*] floating enable",
            "for_window [class=.*] floating enable",
        ]
        if self._bar:
            lines.append(f"bar {{\n position bottom\n height {BAR_HEIGHT}\n tray_output *\n}}")
        # What its programs are told, which is also the sign that it is ready.
        lines.append(f"exec env > {told}.part && mv {told}.part {told}")
        return "\n".join([*lines, ""])

    def _remove_x_files(self) -> None:
        """Remove what a killed sway leaves behind of XWayland's sockets."""
        is_killed = self._sway is not None and self._sway.poll() not in {None, 0}
        if is_killed and "DISPLAY" in self.env:
            remove_files(int(self.env["DISPLAY"][1:]))
