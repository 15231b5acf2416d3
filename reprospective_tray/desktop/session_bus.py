"""The desktop's message bus, where there is one."""

from __future__ import annotations

import logging
import os
from contextlib import closing
from typing import TYPE_CHECKING

from reprospective_tray.system.dbus_address import NO_BUS, SESSION_ADDRESS, session_address

if TYPE_CHECKING:
    from reprospective_tray.system.dbus import Answer, BusConnection

_log = logging.getLogger(__name__)

# A path, a name and an interface, as jeepney's DBusAddress takes them.
BUS = ("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
ANSWER_S = 2.0


def is_offered() -> bool:
    """Say whether the desktop names a session bus.

    Asked first: where it names none, libraries start one of their own, which nobody listens to.
    """
    return session_address() is not None


def connect(answer_s: float = ANSWER_S) -> BusConnection | None:
    """Return a connection to the session bus, which is the caller's to close.

    None where the desktop has no bus, or where the bus does not answer in `dbus.DEADLINE_S`.
    Whom it asks has `answer_s` for the answer.

    After a bus that did not answer there is none for the rest of the process's life. To be
    called before GTK is imported, which would wait for such a bus forever.
    """
    address = session_address()
    if address is None:
        return None
    # Here, since only Linux has it.
    from reprospective_tray.system.dbus import BusConnection, BusLostError, NoAnswerError

    try:
        return BusConnection(address, answer_s)
    except NoAnswerError:
        _give_up()
    except BusLostError as error:
        _log.debug("no session bus: %s", error)
    return None


def _give_up() -> None:
    """Let nobody here ask for the bus again.

    Libraries ask on their own and without a deadline: GTK for the accessibility bus, GIO for
    remote folders. Programs that are started from here are spared it too.
    """
    if is_offered():  # else another thread has said so already
        os.environ[SESSION_ADDRESS] = NO_BUS
        _log.warning("the session bus does not answer: going on without one")


def answers() -> bool:
    """Say whether there is a bus that answers; see `connect` for what follows where it does not."""
    line = connect()
    if line is None:
        return False
    line.close()
    return True


def ask(
    to: tuple[str, str, str], method: str, signature: str | None = None, *arguments: object
) -> Answer:
    """Call a method of whom a path, a name and an interface stand for; no service is started.

    Returns:
        The answer; None for an error, for no answer in `ANSWER_S`, or without a bus.
    """
    line = connect()
    if line is None:
        return None
    from jeepney import DBusAddress

    from reprospective_tray.system.dbus import BusLostError

    with closing(line):
        try:
            return line.ask(DBusAddress(*to), method, signature, *arguments)
        except BusLostError as error:
            _log.debug("the session bus: %s", error)
            return None


def is_owned(name: str) -> bool:
    """Say whether somebody on the session bus answers to `name`; False without a bus."""
    answer = ask(BUS, "NameHasOwner", "s", name)
    return bool(answer and answer[0])
