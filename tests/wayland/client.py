"""A Wayland program that opens, renames and closes windows as its standard input says.

Each line is a JSON object: ``{"open": 1, "app_id": "x", "title": "y", "fullscreen": false}``,
``{"rename": 1, "title": "z"}``, ``{"close": 1}``. It ends with its input, or the compositor.
"""

import json
import os
import select
import sys

from pywayland.client import Display
from pywayland.protocol.wayland import WlCompositor, WlShm
from pywayland.protocol.xdg_shell import XdgWmBase

WIDTH, HEIGHT = 480, 300
COLOURS = (0xE8E4DA, 0xC9DCE8, 0xDCE8C9, 0xE8D3C9, 0xD9C9E8, 0xC9E8E0)


class Client:
    """One connection, with its windows by the numbers that were given to them."""

    def __init__(self) -> None:
        """Connect to $WAYLAND_DISPLAY."""
        self.display = Display()
        self.display.connect()
        self._globals = {}
        registry = self.display.get_registry()
        registry.dispatcher["global"] = self._on_global
        self.display.roundtrip()
        self._compositor = registry.bind(self._globals[WlCompositor.name], WlCompositor, 4)
        self._shm = registry.bind(self._globals[WlShm.name], WlShm, 1)
        self._shell = registry.bind(self._globals[XdgWmBase.name], XdgWmBase, 1)
        self._shell.dispatcher["ping"] = lambda shell, serial: shell.pong(serial)
        self._kept = [registry]
        self._windows = {}

    def _on_global(self, _registry, number: int, name: str, _version: int) -> None:
        self._globals[name] = number

    def obey(self, order: dict) -> None:
        """Do what a line says."""
        if "open" in order:
            self._open(order)
        elif "rename" in order:
            self._windows[order["rename"]]["toplevel"].set_title(order["title"])
        else:
            window = self._windows.pop(order["close"])
            for part in ("toplevel", "role", "surface"):
                window[part].destroy()
        self.display.flush()

    def _open(self, order: dict) -> None:
        surface = self._compositor.create_surface()
        role = self._shell.get_xdg_surface(surface)
        toplevel = role.get_toplevel()
        window = {"surface": surface, "role": role, "toplevel": toplevel, "buffer": None}
        window |= {"size": (WIDTH, HEIGHT), "colour": COLOURS[order["open"] % len(COLOURS)]}
        self._windows[order["open"]] = window
        if order["app_id"]:
            toplevel.set_app_id(order["app_id"])
        if order["title"] is not None:
            toplevel.set_title(order["title"])
        if order["fullscreen"]:
            toplevel.set_fullscreen(None)

        def on_size(_toplevel, width: int, height: int, _states) -> None:
            window["size"] = (width or WIDTH, height or HEIGHT)

        def on_configure(_role, serial: int) -> None:
            role.ack_configure(serial)
            self._paint(window)

        toplevel.dispatcher["configure"] = on_size
        role.dispatcher["configure"] = on_configure
        surface.commit()

    def _paint(self, window: dict) -> None:
        if window["buffer"] is None or window["buffer"][0] != window["size"]:
            width, height = window["size"]
            file = os.memfd_create("picture")
            os.write(file, window["colour"].to_bytes(4, "little") * width * height)
            pool = self._shm.create_pool(file, width * height * 4)
            made = pool.create_buffer(0, width, height, width * 4, WlShm.format.xrgb8888.value)
            pool.destroy()
            os.close(file)
            window["buffer"] = (window["size"], made)
        window["surface"].attach(window["buffer"][1], 0, 0)
        window["surface"].damage(0, 0, *window["size"])
        window["surface"].commit()


def main() -> None:
    """Obey until the input ends."""
    client = Client()
    orders = b""
    while True:
        client.display.dispatch()
        client.display.flush()
        ready = select.select([0, client.display.get_fd()], [], [])[0]
        if client.display.get_fd() in ready:
            client.display.read()
        if 0 in ready:
            piece = os.read(0, 65536)
            if not piece:
                return
            *lines, orders = (orders + piece).split(b"\n")
            for line in lines:
                client.obey(json.loads(line))


if __name__ == "__main__":
    try:
        main()
    finally:
        # pywayland may crash when the interpreter takes its objects apart.
        sys.stderr.flush()
        os._exit(0)
