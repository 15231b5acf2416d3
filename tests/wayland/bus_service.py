"""What stand-ins for a desktop's services are made of: a process on a bus that does as it is told.

Each line of its standard input is an order in JSON, and is answered by a line. GDBus is what
GNOME's shell has, too: what a caller hears of objects that are not there is the same.
"""

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from gi.repository import Gio, GLib

Called = Callable[[str, str, tuple[Any, ...]], GLib.Variant | None]
"""Told sender, method and arguments; returns the answer. Raises ServiceError to refuse."""


class ServiceError(Exception):
    """An answer that is an error: its name, and what it says."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class Service:
    """Objects on the session bus, and the loop that answers for them."""

    def __init__(self) -> None:
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self._loop = GLib.MainLoop()
        self._names: dict[str, int] = {}

    def own(self, name: str) -> None:
        """Have a name from now on."""
        there = threading.Event()
        self._names[name] = Gio.bus_own_name_on_connection(
            self.bus, name, Gio.BusNameOwnerFlags.NONE, lambda *_args: there.set(), None
        )
        context = GLib.MainContext.default()
        while not there.is_set():
            context.iteration(may_block=True)

    def export(self, path: str, interface: str, called: Called) -> int:
        """Put an object there, whose interface is written in XML; return its number."""
        info = Gio.DBusNodeInfo.new_for_xml(f"<node>{interface}</node>").interfaces[0]

        def on_call(
            _bus: object,
            sender: str,
            _path: str,
            _interface: str,
            method: str,
            arguments: GLib.Variant,
            call: Gio.DBusMethodInvocation,
        ) -> None:
            try:
                call.return_value(called(sender, method, arguments.unpack()))
            except ServiceError as refusal:
                call.return_dbus_error(refusal.name, str(refusal))

        return self.bus.register_object(path, info, on_call, None, None)

    def withdraw(self, number: int) -> None:
        """Take an object away."""
        self.bus.unregister_object(number)

    def run(self, obey: Callable[[dict[str, Any]], object]) -> None:
        """Answer until the input ends; `obey` is told each order, and returns what to say."""

        def do(line: str) -> bool:
            print(json.dumps(obey(json.loads(line))), flush=True)
            return False

        def read() -> None:
            for line in sys.stdin:
                GLib.idle_add(do, line)
            GLib.idle_add(self._loop.quit)

        threading.Thread(target=read, daemon=True).start()
        print("ready", flush=True)
        self._loop.run()
