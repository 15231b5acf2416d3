"""The script that tells of the window in front from inside KWin, and how it gets there.

KWin 5 and 6 load it by org.kde.kwin.Scripting; it calls this program back.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from jeepney import DBusAddress

from reprospective_tray.system.dbus import BusLostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.system.dbus import BusConnection

KWIN = "org.kde.KWin"
INTERFACE = "io.github.reprospective_tray.Front"
MEMBER = "Tell"
SCRIPTING = DBusAddress("/Scripting", KWIN, "org.kde.kwin.Scripting")
_RUN = "org.kde.kwin.Script"
# KWin 6 and KWin 5, by the number that loadScript returns.
_OBJECTS = ("/Scripting/Script{number}", "/{number}")
# The script runs at once; one that has not by then does not.
_RUNS_S = 2.0

_SCRIPT = """\
(function () {
    var listener = "@LISTENER@", name = "@NAME@";
    var changes = ["captionChanged", "windowClassChanged", "desktopFileNameChanged"];
    var front = null, title = "", titled = null, told = null, toldAt = 0, unanswered = 0;
    // More than these never wait at the bus for a listener that stands still; after so many ms
    // KWin itself takes them for lost.
    var most = 16, patience = 30000, later = new QTimer();

    function titleOf(window) {
        if (window.captionNormal !== undefined) {
            return String(window.captionNormal);
        }
        // KWin 5 says in the person's language that a window hangs,
        if (window.unresponsive && window === titled) {
            return title;
        }
        // and numbers windows of one title.
        return String(window.caption).replace(/ <(?:[2-9]|[1-9][0-9]+)>\\u200e?$/, "");
    }

    function describe(window) {
        title = titleOf(window);
        titled = window;
        return {
            title: title.slice(0, 8192),
            app_class: String(window.resourceClass || window.resourceName || ""),
            desktop_file: String(window.desktopFileName || ""),
            process_id: Number(window.pid) || 0,
            x_window: Number(window.windowId) || 0,
            id: String(window.internalId)
        };
    }

    function letGo() {
        callDBus("@KWIN@", "@SCRIPTING_PATH@", "@SCRIPTING@", "unloadScript", name);
    }

    function leaveWhenAlone() {
        var bus = "org.freedesktop.DBus";
        callDBus(bus, "/org/freedesktop/DBus", bus, "NameHasOwner", listener, function (lives) {
            if (!lives) {
                letGo();
            }
        });
    }

    function tell() {
        var now = JSON.stringify(front ? describe(front) : null);
        if (now === told) {
            return;
        }
        if (unanswered >= most) {
            leaveWhenAlone();
            if (Date.now() - toldAt < patience) {
                later.start();
                return;
            }
        }
        told = now;
        toldAt = Date.now();
        unanswered = Math.min(unanswered, most - 1) + 1;
        // ASCII alone: no text of a window can make the message one that no bus takes.
        now = now.replace(/[\\u007f-\\uffff]/g, function (letter) {
            return "\\\\u" + ("000" + letter.charCodeAt(0).toString(16)).slice(-4);
        });
        callDBus(listener, "/", "@INTERFACE@", "@MEMBER@", String(toldAt), now, function () {
            unanswered = Math.max(unanswered - 1, 0);
            if (later.active) {
                later.stop();
                tell();
            }
        });
    }

    function attend(window, how) {
        changes.forEach(function (change) {
            // What has been closed meanwhile has nothing to disconnect from.
            try {
                window[change][how](tell);
            } catch (error) {
                return;
            }
        });
    }

    function onActivated(window) {
        if (front) {
            attend(front, "disconnect");
        }
        front = window || null;
        if (front) {
            attend(front, "connect");
        }
        tell();
    }

    later.interval = 1000;
    later.singleShot = true;
    later.timeout.connect(tell);
    // KWin 6 has windows, KWin 5 has clients.
    (workspace.windowActivated || workspace.clientActivated).connect(onActivated);
    onActivated(workspace.windowActivated ? workspace.activeWindow : workspace.activeClient);
}());
"""


class KWinScript:
    """The script in one KWin, on behalf of one connection to the bus."""

    def __init__(self, line: BusConnection) -> None:
        """Take the connection that it is to call; nothing is loaded yet."""
        self._line = line
        # No other connection has that name for as long as the bus runs: what a killed program
        # has left behind has another, and goes by itself.
        self._name = f"reprospective-tray{line.unique_name}"

    def load(self, has_told: Callable[[], bool]) -> bool:
        """Load and run it; return whether it has told of a window, or of none.

        Raises:
            BusLostError: the bus is gone, or KWin does not answer.
        """
        text = _SCRIPT
        for place, value in (
            ("@LISTENER@", self._line.unique_name),
            ("@NAME@", self._name),
            ("@KWIN@", KWIN),
            ("@SCRIPTING_PATH@", SCRIPTING.object_path),
            ("@SCRIPTING@", SCRIPTING.interface),
            ("@INTERFACE@", INTERFACE),
            ("@MEMBER@", MEMBER),
        ):
            text = text.replace(place, str(value))
        # KWin reads it while it begins to run it, and never again.
        with tempfile.NamedTemporaryFile(
            "w", encoding="ascii", prefix="reprospective-tray-", suffix=".js", dir=_folder()
        ) as file:
            file.write(text)
            file.flush()
            answer = self._line.ask(SCRIPTING, "loadScript", "ss", file.name, self._name)
            return answer is not None and self._run(int(answer[0]), has_told)

    def unload(self) -> None:
        """Let KWin forget it; never raises, and waits for nothing."""
        with suppress(BusLostError):
            self._line.call(SCRIPTING, "unloadScript", "s", self._name)

    def _run(self, number: int, has_told: Callable[[], bool]) -> bool:
        for path in _OBJECTS:
            to = DBusAddress(path.format(number=number), KWIN, _RUN)
            if self._line.ask(to, "run") is not None:
                break
        self._line.listen(0)
        if has_told():
            return True
        # The number is that of another script where one before it was unloaded; this runs all
        # that are loaded and do not run yet.
        self._line.ask(SCRIPTING, "start")
        return self._line.listen_until(has_told, _RUNS_S)


def _folder() -> str | None:
    """Return a folder that KWin sees, too: the program's own /tmp may be private."""
    return os.environ.get("XDG_RUNTIME_DIR") or None
