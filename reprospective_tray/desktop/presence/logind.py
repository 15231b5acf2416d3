"""systemd-logind: lock, user switching, sleep, log-out, and who holds off idle time.

The interface is that of org.freedesktop.login1(5).
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from jeepney import DBusAddress

from reprospective_tray import PRODUCT
from reprospective_tray.system.dbus import PROPERTIES, BusConnection, Follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from jeepney.fds import FileDescriptor

    from reprospective_tray.desktop.presence.signs import Signs

log = logging.getLogger(__name__)

NAME = "org.freedesktop.login1"
MANAGER_PATH = "/org/freedesktop/login1"
MANAGER = "org.freedesktop.login1.Manager"
SESSION = "org.freedesktop.login1.Session"
USER = "org.freedesktop.login1.User"
_MANAGER = DBusAddress(MANAGER_PATH, NAME, MANAGER)
# Below this are the system's own services: their updates hold off idle time for nobody.
FIRST_PERSON = 1000


class Logind:
    """What logind says of this person's session."""

    def __init__(self, signs: Signs, log_out: Callable[[], None]) -> None:
        """Take who is told, and what is called when the session ends that this program is in."""
        self._signs = signs
        self._log_out = log_out
        self._line: BusConnection | None = None
        self._there = False
        self._session = ""  # its object path
        self._is_ours = False  # this program belongs to it, and is not only the same person's
        self._sleep_lock: FileDescriptor | None = None

    def attach(self, line: BusConnection) -> None:
        """Follow logind; see `Source`."""
        self._line = line
        line.follow(Follow(NAME, "", self._on_owner, self._on_signal))

    def lose(self) -> None:
        """Forget what it said; see `Source`."""
        self._there, self._session = False, ""
        self._release()
        self._signs.ask_for_lock(on=False)
        for source in ("LockedHint", "Active"):
            self._signs.lock(source, on=False)
        for source in ("sleep", "shutdown", "session"):
            self._signs.leave(source, on=False)
        self._signs.inhibit(NAME, on=False)

    def describe(self) -> dict[str, bool]:
        """Return what is there; see `Source`."""
        return {
            "logind": self._there,
            "logind session": bool(self._session),
            "sleep delay": self._sleep_lock is not None,
        }

    def _on_owner(self, there: bool) -> None:
        if not there:
            self.lose()
            return
        self._there = True
        self._find_session()
        self._look_at_inhibitors()
        if self._get(_MANAGER, "PreparingForSleep"):
            self._signs.leave("sleep", on=True)
        else:
            self._hold_sleep()

    def _on_signal(
        self, path: str, interface: str, member: str, arguments: tuple[Any, ...]
    ) -> None:
        match interface, member:
            case "org.freedesktop.login1.Manager", "PrepareForSleep":
                self._sleep(begins=bool(arguments[0]))
            case "org.freedesktop.login1.Manager", "PrepareForShutdown":
                self._signs.leave("shutdown", on=bool(arguments[0]))
            case "org.freedesktop.login1.Manager", "SessionRemoved":
                if arguments[1] == self._session:
                    self._end_session()
            case "org.freedesktop.login1.Manager", "SessionNew":
                if not self._session:
                    self._find_session()
            case "org.freedesktop.login1.Session", "Lock" | "Unlock" if path == self._session:
                self._signs.ask_for_lock(on=member == "Lock")
            case "org.freedesktop.DBus.Properties", "PropertiesChanged":
                self._change(path, arguments)

    def _change(self, path: str, arguments: tuple[Any, ...]) -> None:
        changed: dict[str, tuple[str, Any]] = arguments[1]
        names = {*changed, *arguments[2]}
        if path == MANAGER_PATH and "BlockInhibited" in names:
            self._look_at_inhibitors()
        elif path == self._session:
            for name in ("LockedHint", "Active"):
                if name in changed:
                    self._take_property(name, changed[name][1])
                elif name in names:
                    self._look_at(name)

    def _look_at(self, name: str) -> None:
        self._take_property(name, self._get(DBusAddress(self._session, NAME, SESSION), name))

    def _take_property(self, name: str, value: object) -> None:
        """Take a property of the session; a session that is not active is another person's time."""
        if name == "Active":
            self._signs.lock(name, on=value is False)
        else:
            self._signs.lock(name, on=value is True)

    def _find_session(self, *, ended: str = "") -> None:
        for ours, path in self._candidates():
            # A name in the environment may be an old one.
            if (
                path not in {"", ended}
                and self._get(DBusAddress(path, NAME, SESSION), "Active") is not None
            ):
                self._session, self._is_ours = path, ours
                self._look_at("LockedHint")
                self._look_at("Active")
                self._signs.leave("session", on=False)
                return
        log.debug("logind knows no session of this person")

    def _candidates(self) -> list[tuple[bool, str]]:
        """Return the sessions that may be this person's, the likeliest first, and if they are."""
        found = []
        if session_id := os.environ.get("XDG_SESSION_ID"):
            found.append((True, self._path("GetSession", "s", session_id)))
        found.append((True, self._path("GetSessionByPID", "u", os.getpid())))
        # What the person's service manager started is in no session: theirs with a display is it.
        user = self._path("GetUser", "u", os.getuid())
        display = self._get(DBusAddress(user, NAME, USER), "Display") if user else None
        if display and display[0]:
            found.append((False, display[1]))
        sessions = self._ask(_MANAGER, "ListSessions")
        own = [one for one in (sessions[0] if sessions else []) if one[1] == os.getuid()]
        found += [(False, one[4]) for one in sorted(own, key=lambda one: not one[3])]  # with a seat
        return found

    def _path(self, method: str, signature: str, argument: object) -> str:
        answer = self._ask(_MANAGER, method, signature, argument)
        return str(answer[0]) if answer else ""

    def _end_session(self) -> None:
        log.info("logind says that the session has ended")
        ended, self._session = self._session, ""
        for name in ("LockedHint", "Active"):
            self._signs.lock(name, on=False)
        self._signs.leave("session", on=True)
        if self._is_ours:
            self._log_out()
        else:
            self._find_session(ended=ended)

    def _sleep(self, *, begins: bool) -> None:
        if begins:
            try:
                self._signs.leave("sleep", on=True)
            finally:
                self._release()
        else:
            self._hold_sleep()
            self._signs.leave("sleep", on=False)

    def _hold_sleep(self) -> None:
        """Have the computer wait until all is written, for as long as logind lets it."""
        self._release()
        why = "Writing the present session"
        answer = self._ask(_MANAGER, "Inhibit", "ssss", "sleep", PRODUCT, why, "delay")
        self._sleep_lock = answer[0] if answer else None

    def _release(self) -> None:
        lock, self._sleep_lock = self._sleep_lock, None
        if lock:
            lock.close()

    def _look_at_inhibitors(self) -> None:
        blocked = self._get(_MANAGER, "BlockInhibited") or ""
        on = "idle" in str(blocked).split(":")
        if on and (answer := self._ask(_MANAGER, "ListInhibitors")):
            uids = [
                uid
                for what, _who, _why, mode, uid, _pid in answer[0]
                if mode.startswith("block") and "idle" in what.split(":")
            ]
            # Others' films are not told from one's own: who would tell whose screen is seen?
            on = not uids or any(uid >= FIRST_PERSON or uid == os.getuid() for uid in uids)
        self._signs.inhibit(NAME, on=on)

    def _get(self, of: DBusAddress, name: str) -> Any:
        """Return a property, None where there is none such."""
        to = DBusAddress(of.object_path, NAME, PROPERTIES)
        answer = self._ask(to, "Get", "ss", of.interface, name)
        return answer[0][1] if answer else None

    def _ask(
        self, to: DBusAddress, method: str, signature: str | None = None, *rest: object
    ) -> Any:
        assert self._line is not None
        return self._line.ask(to, method, signature, *rest)
