"""The tray icon alone, as a process: told what to show by lines of JSON, says what is clicked.

GTK can be initialised once a process, and a panel wants a main thread: so not in pytest's.
Lines in: an object of `AppState` fields to show, ``"look"`` or ``"stop"``. Lines out: objects
with ``ready``, ``action``, ``look`` or ``error``.
"""

import json
import signal
import sys
import threading
from dataclasses import replace

if "--without-gi" in sys.argv:
    sys.modules["gi"] = None  # importing it fails as if it were not installed

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.tray.icon import TrayIcon
from reprospective_tray.tray.state import AppState, Mode


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def labels(menu) -> list[object]:
    found = []
    for line in menu._lines:
        label = line.widget.get_label()
        if line.item.checked is not None:
            label += " ✓" if line.widget.get_active() else " ☐"
        found.append([label, labels(line.submenu)] if line.submenu else label)
    return found


def look(icon: TrayIcon) -> None:
    seen = {"shown": icon.shown, "has_menu": icon.has_menu}
    menu = getattr(icon._driver, "_menu", None)
    if menu is not None:
        seen |= {"labels": labels(menu), "open": menu.widget.get_mapped()}
    if icon.backend.name == "gtk":
        seen["tooltip"] = icon._driver._icon._status_icon.get_tooltip_text()
    say(look=seen)


def obey(icon: TrayIcon) -> None:
    state = AppState()
    for line in sys.stdin:
        told = json.loads(line)
        if told == "look" and icon.backend.name in {"gtk", "appindicator"}:
            from gi.repository import GLib

            GLib.idle_add(look, icon)
        elif told == "look":
            look(icon)
        elif told == "stop":
            icon.stop()
        else:
            told = {**told, **({"mode": Mode(told["mode"])} if "mode" in told else {})}
            state = replace(state, **told)
            icon.update(state)


def main() -> None:
    try:
        icon = TrayIcon(lambda action: say(action=[action.command, dict(action.arguments)]))
        threading.Thread(target=obey, args=(icon,), daemon=True).start()

        def ready() -> None:
            signal.signal(signal.SIGTERM, lambda *_unused: icon.stop())
            say(ready=[icon.backend.name, icon.backend.problem, icon.backend.remedy])

        icon.run(ready)
    except ReprospectiveError as error:
        say(error=[str(error), error.remedy])


if __name__ == "__main__":
    main()
