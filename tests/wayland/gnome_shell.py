"""A stand-in for GNOME's shell: its extension *Focused Window D-Bus*, and Mutter's IdleMonitor.

The interfaces are those of the extension's version for GNOME 45 and later, and of Mutter's
org.gnome.Mutter.IdleMonitor.xml; how watches behave is as Mutter's meta-idle-monitor.c has it.
"""

import json
import os
import time
from typing import Any

from gi.repository import Gio, GLib

from tests.wayland.bus_service import Service, ServiceError

PATH = "/org/gnome/shell/extensions/FocusedWindow"
INTERFACE = "org.gnome.shell.extensions.FocusedWindow"
EXTENSION = f"""
<interface name="{INTERFACE}">
  <method name="Get"><arg type="s" direction="out" name="window"/></method>
  <signal name="FocusChanged"><arg type="s" name="window"/></signal>
</interface>"""
IDLE_PATH = "/org/gnome/Mutter/IdleMonitor/Core"
IDLE = "org.gnome.Mutter.IdleMonitor"
IDLE_MONITOR = f"""
<interface name="{IDLE}">
  <method name="GetIdletime"><arg name="idletime" direction="out" type="t"/></method>
  <method name="AddIdleWatch">
    <arg name="interval" direction="in" type="t"/><arg name="id" direction="out" type="u"/>
  </method>
  <method name="AddUserActiveWatch"><arg name="id" direction="out" type="u"/></method>
  <method name="RemoveWatch"><arg name="id" direction="in" type="u"/></method>
  <method name="ResetIdletime"/>
  <signal name="WatchFired"><arg name="id" direction="out" type="u"/></signal>
</interface>"""
SCREEN_SAVER = """<interface name="org.gnome.ScreenSaver">
<method name="GetActive"><arg name="active" direction="out" type="b"/></method></interface>"""
SHELL = """<interface name="org.gnome.Shell"><property name="Mode" type="s" access="read"/>
</interface>"""
# Some of what Get says beside title, class and pid; nobody here reads it.
REST = {"width": 800, "height": 600, "focus": True, "in_current_workspace": True, "role": None}


class IdleMonitor:
    """Idle time of a person who does something when an order says so."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._last_input = time.monotonic()
        self._last_number = 0
        self._is_inhibited = False
        # By number: whose it is, after how many ms (None: at the next input), and the timer.
        self.watches: dict[int, tuple[str, int | None, int]] = {}
        service.export(IDLE_PATH, IDLE_MONITOR, self._called)
        service.own(IDLE)

    def act(self) -> None:
        """Be an input of the person's."""
        self._last_input = time.monotonic()
        for number, (owner, after_ms, _timer) in list(self.watches.items()):
            if after_ms is None:
                self._remove(number)
                self._fire(number, owner)
            else:
                self._arm(number, owner, after_ms)

    def inhibit(self, *, on: bool) -> None:
        """Let idle watches fire or not, as a film does."""
        self._is_inhibited = on

    def _called(self, sender: str, method: str, arguments: tuple[Any, ...]) -> GLib.Variant | None:
        match method:
            case "GetIdletime":
                return GLib.Variant("(t)", (self._idle_ms(),))
            case "AddIdleWatch":
                return GLib.Variant("(u)", (self._add(sender, arguments[0]),))
            case "AddUserActiveWatch":
                return GLib.Variant("(u)", (self._add(sender, None),))
            case "RemoveWatch":
                self._remove(arguments[0])
        return None

    def _idle_ms(self) -> int:
        return int((time.monotonic() - self._last_input) * 1000)

    def _add(self, owner: str, after_ms: int | None) -> int:
        self._last_number += 1
        number = self._last_number
        self.watches[number] = owner, after_ms, 0
        Gio.bus_watch_name_on_connection(
            *(self._service.bus, owner, Gio.BusNameWatcherFlags.NONE, None),
            lambda *_args: self._remove(number),
        )
        if after_ms is not None:
            self._arm(number, owner, after_ms)
        return number

    def _arm(self, number: int, owner: str, after_ms: int) -> None:
        self._remove(number)

        def on_time() -> bool:
            self.watches[number] = owner, after_ms, 0
            if not self._is_inhibited:
                self._fire(number, owner)
            return False

        left_ms = max(after_ms - self._idle_ms(), 0)
        self.watches[number] = owner, after_ms, GLib.timeout_add(left_ms, on_time)

    def _remove(self, number: int) -> None:
        _owner, _after_ms, timer = self.watches.pop(number, ("", None, 0))
        if timer:
            GLib.source_remove(timer)

    def _fire(self, number: int, owner: str) -> None:
        fired = GLib.Variant("(u)", (number,))
        self._service.bus.emit_signal(owner, IDLE_PATH, IDLE, "WatchFired", fired)


class Shell:
    """The shell, with a window in front or none."""

    def __init__(self) -> None:
        self._service = service = Service()
        self._window: dict[str, Any] | None = None
        self._refuses = False
        self._number = 0
        self._asked = 0
        service.export("/org/gnome/Shell", SHELL, self._called)
        self._idle = IdleMonitor(service)
        self._extend(on=True)
        self._is_locked = False
        service.export("/org/gnome/ScreenSaver", SCREEN_SAVER, self._is_active)
        service.own("org.gnome.ScreenSaver")
        service.own("org.gnome.Shell")

    def run(self) -> None:
        """Answer until the input ends."""
        self._service.run(self._obey)

    def _obey(self, order: dict[str, Any]) -> object:
        if "focus" in order:
            self._focus(order["focus"])
        if "extension" in order:
            self._extend(on=order["extension"])
        if "locked" in order:
            # The lock screen is a mode of the shell in which most extensions are off.
            self._is_locked = order["locked"]
            self._extend(on=not self._is_locked)
        # As the extension did up to GNOME 44.
        self._refuses = order.get("refuses", self._refuses)
        if order.get("input"):
            self._idle.act()
        if "inhibit" in order:
            self._idle.inhibit(on=order["inhibit"])
        watches = sorted(str(watch[1]) for watch in self._idle.watches.values())
        return {"watches": watches, "asked": self._asked}

    def _extend(self, *, on: bool) -> None:
        if on and not self._number:
            self._number = self._service.export(PATH, EXTENSION, self._called)
        elif not on:
            self._service.withdraw(self._number)
            self._number = 0

    def _is_active(self, _sender: str, _method: str, _arguments: tuple[Any, ...]) -> GLib.Variant:
        return GLib.Variant("(b)", (self._is_locked,))

    def _focus(self, window: dict[str, Any] | None) -> None:
        """Give the focus; the extension signals another application alone."""
        before, self._window = self._window, window
        if (before or {}).get("wm_class") != (window or {}).get("wm_class") and self._number:
            told = GLib.Variant("(s)", (self._told(),))
            self._service.bus.emit_signal(None, PATH, INTERFACE, "FocusChanged", told)

    def _called(self, _sender: str, method: str, _arguments: tuple[Any, ...]) -> GLib.Variant:
        assert method == "Get"
        self._asked += 1
        if self._refuses and self._window is None:
            raise ServiceError("org.gnome.gjs.JSError.Error", "No window in focus")
        return GLib.Variant("(s)", (self._told(),))

    def _told(self) -> str:
        if self._window is None:
            return "{}"
        known = {"pid": os.getpid(), "id": 1, **REST, **self._window}
        known.setdefault("wm_class_instance", known["wm_class"])
        return json.dumps(known)


if __name__ == "__main__":
    Shell().run()
