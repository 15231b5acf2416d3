"""Reads and clicks the icon of a StatusNotifier panel over D-Bus, as the panel itself does.

``python status_notifier.py look`` prints what the icon shows, ``click LABEL`` clicks a line.
"""

import json
import sys

from gi.repository import Gio, GLib

WATCHER = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
MENU = "com.canonical.dbusmenu"
BUS = Gio.bus_get_sync(Gio.BusType.SESSION, None)


def call(name: str, path: str, interface: str, method: str, arguments: GLib.Variant):
    timeout_ms = 5000
    answer = BUS.call_sync(
        name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, timeout_ms, None
    )
    return answer.unpack()


def read(name: str, path: str, interface: str, key: str):
    arguments = GLib.Variant("(ss)", (interface, key))
    return call(name, path, "org.freedesktop.DBus.Properties", "Get", arguments)[0]


def item() -> tuple[str, str]:
    """The bus name and path of the one icon that the panel knows; waits for none."""
    known = read(*WATCHER, WATCHER[0], "RegisteredStatusNotifierItems")
    if not known:
        return "", ""
    name, slash, path = known[0].partition("/")
    return name, slash + path


def lines(name: str, path: str) -> list[dict]:
    arguments = GLib.Variant("(iias)", (0, -1, []))
    _revision, (_root, _properties, children) = call(name, path, MENU, "GetLayout", arguments)

    def line(child) -> dict:
        number, properties, inner = child
        return {
            "id": number,
            "label": properties.get("label", ""),
            "enabled": properties.get("enabled", True),
            "checked": properties.get("toggle-state"),
            "separator": properties.get("type") == "separator",
            "lines": [line(one) for one in inner],
        }

    return [line(child) for child in children]


def main() -> None:
    name, path = item()
    if not name:
        print("null")
        return
    menu_path = read(name, path, "org.kde.StatusNotifierItem", "Menu")
    found = lines(name, menu_path)
    if sys.argv[1] == "click":
        every = found + [inner for line in found for inner in line["lines"]]
        number = next(line["id"] for line in every if line["label"] == sys.argv[2])
        event = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("i", 0), 0))
        call(name, menu_path, MENU, "Event", event)
        return
    keys = ("Title", "Status", "IconName", "IconThemePath")
    seen = {key: read(name, path, "org.kde.StatusNotifierItem", key) for key in keys}
    print(json.dumps({**seen, "lines": found}))


if __name__ == "__main__":
    main()
