"""What a desktop's own services say on the session bus: screen savers, and idle inhibitors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jeepney import DBusAddress

from reprospective_tray.system.dbus import Answer, BusConnection, Follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.desktop.presence.signs import Signs

# Each has GetActive and ActiveChanged(b), by its name as interface and as path.
SCREEN_SAVERS = (
    "org.freedesktop.ScreenSaver",  # Plasma
    "org.gnome.ScreenSaver",
    "org.cinnamon.ScreenSaver",
    "org.mate.ScreenSaver",
    "org.xfce.ScreenSaver",
)


@dataclass(frozen=True, slots=True)
class Inhibitors:
    """A service that says whether something holds off idle time; it signals each change."""

    name: str
    path: str
    interface: str
    question: str
    signature: str | None = None
    arguments: tuple[object, ...] = ()


_POWER_PATH = "/org/freedesktop/PowerManagement/Inhibit"
_POWER = "org.freedesktop.PowerManagement.Inhibit"
_PLASMA = "org.kde.Solid.PowerManagement.PolicyAgent"
INHIBITORS = (
    # Xfce and MATE have the one name, Plasma has both.
    Inhibitors("org.freedesktop.PowerManagement", _POWER_PATH, _POWER, "HasInhibit"),
    Inhibitors(_POWER, _POWER_PATH, _POWER, "HasInhibit"),
    # 8: the session being marked as idle. GNOME, Cinnamon and MATE.
    Inhibitors(
        "org.gnome.SessionManager",
        "/org/gnome/SessionManager",
        "org.gnome.SessionManager",
        "IsInhibited",
        "u",
        (8,),
    ),
    # 4: the screen's settings, as players ask for through org.freedesktop.ScreenSaver.
    Inhibitors(
        _PLASMA,
        "/org/kde/Solid/PowerManagement/PolicyAgent",
        _PLASMA,
        "HasInhibition",
        "u",
        (4,),
    ),
)


class SessionServices:
    """The screen savers and the inhibitors of the desktop."""

    def __init__(self, signs: Signs) -> None:
        """Take who is told."""
        self._signs = signs
        self._there: set[str] = set()

    def attach(self, line: BusConnection) -> None:
        """Follow them; see `Source`."""
        for name in SCREEN_SAVERS:
            self._follow_saver(line, name)
        for service in INHIBITORS:
            self._follow_inhibitors(line, service)

    def lose(self) -> None:
        """Forget what they said; see `Source`."""
        self._there.clear()
        for name in SCREEN_SAVERS:
            self._signs.lock(name, on=False)
        for service in INHIBITORS:
            self._signs.inhibit(service.name, on=False)

    def describe(self) -> dict[str, bool]:
        """Return what is there; see `Source`."""
        there = self._there.copy()
        return {
            "screen saver": any(name in there for name in SCREEN_SAVERS),
            "idle inhibitors": any(service.name in there for service in INHIBITORS),
        }

    def _follow_saver(self, line: BusConnection, name: str) -> None:
        to = DBusAddress("/" + name.replace(".", "/"), name, name)

        def take(answer: Answer) -> None:
            self._signs.lock(name, on=_is_true(answer))

        def on_signal(_path: str, _interface: str, member: str, arguments: tuple[Any, ...]) -> None:
            if member == "ActiveChanged":
                take(arguments)

        ask = _ServiceCall(line, to, "GetActive", None, (), take)
        line.follow(Follow(name, name, self._on_owner(name, ask), on_signal))

    def _follow_inhibitors(self, line: BusConnection, service: Inhibitors) -> None:
        to = DBusAddress(service.path, service.name, service.interface)

        def take(answer: Answer) -> None:
            self._signs.inhibit(service.name, on=_is_true(answer))

        ask = _ServiceCall(line, to, service.question, service.signature, service.arguments, take)

        def on_signal(
            _path: str, _interface: str, member: str, _arguments: tuple[Any, ...]
        ) -> None:
            if "Inhibit" in member:
                ask()

        on_owner = self._on_owner(service.name, ask)
        line.follow(Follow(service.name, service.interface, on_owner, on_signal))

    def _on_owner(self, name: str, ask: _ServiceCall) -> Callable[[bool], None]:
        def on_owner(there: bool) -> None:
            if there:
                self._there.add(name)
                ask()
            else:
                self._there.discard(name)
                ask.take(None)

        return on_owner


@dataclass(frozen=True, slots=True)
class _ServiceCall:
    """A question to a service; its answer comes when it comes."""

    line: BusConnection
    to: DBusAddress
    method: str
    signature: str | None
    arguments: tuple[object, ...]
    take: Callable[[Answer], None]

    def __call__(self) -> None:
        self.line.call(self.to, self.method, self.signature, *self.arguments, on_answer=self.take)


def _is_true(answer: Answer) -> bool:
    return answer is not None and answer[0] is True
