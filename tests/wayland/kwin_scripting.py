"""A stand-in for the scripting of KWin: it takes scripts and calls back what they would.

It runs no JavaScript: who the script calls is read out of it, what it says is ordered. Objects of
scripts are where KWin 6 has them, or KWin 5 (argument ``5``).
"""

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from gi.repository import Gio, GLib

from tests.wayland.bus_service import Service, ServiceError

SCRIPTING = """
<interface name="org.kde.kwin.Scripting">
  <method name="start"/>
  <method name="loadScript">
    <arg name="filePath" type="s" direction="in"/><arg name="pluginName" type="s" direction="in"/>
    <arg type="i" direction="out"/>
  </method>
  <method name="isScriptLoaded">
    <arg name="pluginName" type="s" direction="in"/><arg type="b" direction="out"/>
  </method>
  <method name="unloadScript">
    <arg name="pluginName" type="s" direction="in"/><arg type="b" direction="out"/>
  </method>
</interface>"""
SCRIPT = (
    '<interface name="org.kde.kwin.Script"><method name="stop"/><method name="run"/></interface>'
)
PATHS = {"5": "/{number}", "6": "/Scripting/Script{number}"}
CALLED = "io.github.reprospective_tray.Front"


class KWin:
    """KWin, with a window in front or none."""

    def __init__(self, version: str) -> None:
        self._service = Service()
        self._path = PATHS[version]
        self._loaded: dict[str, str] = {}
        self._running: list[str] = []
        self._objects: dict[int, str] = {}
        self._window: dict[str, Any] | None = None
        self._runs = True
        self._calls: list[str] = []
        self._service.export("/Scripting", SCRIPTING, self._called)
        self._service.own("org.kde.KWin")

    def run(self) -> None:
        """Answer until the input ends."""
        self._service.run(self._obey)

    def _obey(self, order: dict[str, Any]) -> object:
        self._runs = order.get("runs", self._runs)
        if "other_script" in order:
            # One that was loaded before another was unloaded: its number is the next one's.
            self._export(order["other_script"], "other")
            self._running.append("other")
        if "raw" in order:
            self._tell_all(*order["raw"])
        for told in order.get("tell", ()):
            self._window = told["window"]
            self._tell_all(str(_now_ms() - told.get("ago", 0)), json.dumps(self._window))
        calls, self._calls = self._calls, []
        return {"loaded": sorted(self._loaded), "calls": calls}

    def _called(self, _sender: str, method: str, arguments: tuple[Any, ...]) -> GLib.Variant | None:
        self._calls.append(method)
        match method:
            case "loadScript":
                return GLib.Variant("(i)", (self._load(*arguments),))
            case "unloadScript":
                there = self._loaded.pop(arguments[0], None) is not None
                self._running = [name for name in self._running if name != arguments[0]]
                return GLib.Variant("(b)", (there,))
            case "isScriptLoaded":
                return GLib.Variant("(b)", (arguments[0] in self._loaded,))
            case "start":
                for name in self._loaded:
                    self._run(name)
        return None

    def _load(self, path: str, name: str) -> int:
        if name in self._loaded:
            return -1
        number = len(self._loaded)
        self._loaded[name] = Path(path).read_text("utf-8")
        if number not in self._objects:
            self._export(number, name)
        return number

    def _export(self, number: int, name: str) -> None:
        self._objects[number] = name

        def called(_sender: str, method: str, _arguments: tuple[Any, ...]) -> None:
            self._calls.append(f"{method} {self._path.format(number=number)}")
            if method != "run":
                raise ServiceError("org.freedesktop.DBus.Error.UnknownMethod", method)
            self._run(self._objects[number])

        self._service.export(self._path.format(number=number), SCRIPT, called)

    def _run(self, name: str) -> None:
        if self._runs and name not in self._running:
            self._running.append(name)
            self._tell(name, str(_now_ms()), json.dumps(self._window))

    def _tell_all(self, *arguments: str) -> None:
        for name in self._running:
            if name in self._loaded:
                self._tell(name, *arguments)

    def _tell(self, name: str, *arguments: str) -> None:
        found = re.search(r'listener = "([^"]+)"', self._loaded[name])
        assert found is not None
        said = GLib.Variant(f"({'s' * len(arguments)})", arguments)
        self._service.bus.call(
            *(found.group(1), "/", CALLED, "Tell", said, None),
            *(Gio.DBusCallFlags.NONE, -1, None, None),
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    KWin(sys.argv[1]).run()
