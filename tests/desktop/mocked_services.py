"""logind and a desktop's services as python-dbusmock plays them, on real buses."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_call, new_signal
from jeepney.io.blocking import open_dbus_connection

from installer.demo.private_desktop import BUS_CONFIG, PrivateDesktop
from tests.support import wait_until

if TYPE_CHECKING:
    import subprocess

# Debian's python3-dbusmock belongs to the system's own interpreter.
PYTHON = "/usr/bin/python3"
READY_SECONDS = 10.0
BUS = "org.freedesktop.DBus"
MOCK = "org.freedesktop.DBus.Mock"
LOGIND = "org.freedesktop.login1"
MANAGER = f"{LOGIND}.Manager"
LOGIND_PATH = "/org/freedesktop/login1"
SESSION_ID = "c7"

# Python that dbusmock runs: a service that answers with what it was last set to.
_REMEMBER = "self.on = args[0]"
_ANSWER = "ret = getattr(self, 'on', False)"


class Bus:
    """A connection of the tests' own to a bus; `call` returns when the service has answered."""

    def __init__(self, address: str) -> None:
        self._connection = open_dbus_connection(address)

    def close(self) -> None:
        self._connection.close()

    def call(
        self, name: str, path: str, interface: str, method: str, signature: str = "", *args: Any
    ) -> tuple[Any, ...]:
        message = new_method_call(
            DBusAddress(path, name, interface), method, signature or None, args
        )
        answer = self._connection.send_and_get_reply(message, timeout=READY_SECONDS)
        if answer.header.message_type is MessageType.error:
            raise RuntimeError(f"{method}: {answer.body}")
        return answer.body

    def has(self, name: str) -> bool:
        return bool(self._ask("NameHasOwner", "s", name))

    def forge(self, pid: int, path: str, interface: str, name: str) -> None:
        """Send the process `pid` a signal, as if it came from who has that interface."""
        for one in self._ask("ListNames"):
            if one.startswith(":") and self._ask("GetConnectionUnixProcessID", "s", one) == pid:
                signal = new_signal(DBusAddress(path, interface=interface), name)
                signal.header.fields[HeaderFields.destination] = one
                self._connection.send(signal)

    def _ask(self, method: str, signature: str = "", *args: Any) -> Any:
        return self.call(BUS, "/org/freedesktop/DBus", BUS, method, signature, *args)[0]


class Service:
    """A mocked service, a process of its own."""

    def __init__(self, desktop: PrivateDesktop, bus: Bus, name: str, *arguments: str) -> None:
        self.bus, self.name = bus, name
        self.process = desktop.start([PYTHON, "-m", "dbusmock", *arguments])
        wait_until(
            lambda: self.process.poll() is not None or bus.has(name), READY_SECONDS, f"the {name}"
        )
        assert self.process.poll() is None, desktop.log("python3")

    def mock(self, path: str, method: str, signature: str, *args: Any) -> tuple[Any, ...]:
        """Call one of the methods by which a mock is told what to be."""
        return self.bus.call(self.name, path, MOCK, method, signature, *args)

    def emit(self, path: str, interface: str, signal: str, *args: tuple[str, Any]) -> None:
        signature = "".join(kind for kind, _value in args)
        self.mock(path, "EmitSignal", "sssav", interface, signal, signature, list(args))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(READY_SECONDS)


class Logind(Service):
    """logind with one session of this user."""

    def __init__(self, desktop: PrivateDesktop, bus: Bus, user_id: int) -> None:
        super().__init__(desktop, bus, LOGIND, "--system", "--template", "logind")
        self._user_id = user_id
        self.mock(LOGIND_PATH, "AddProperty", "ssv", MANAGER, "BlockInhibited", ("s", ""))
        self.add_session()

    def add_session(self) -> None:
        (self.session,) = self.mock(
            LOGIND_PATH, "AddSession", "ssusb", SESSION_ID, "seat0", self._user_id, "person", True
        )
        self.emit(LOGIND_PATH, MANAGER, "SessionNew", ("s", SESSION_ID), ("o", self.session))

    def lock(self) -> None:
        self.bus.call(LOGIND, self.session, f"{LOGIND}.Session", "Lock")

    def unlock(self) -> None:
        self.bus.call(LOGIND, self.session, f"{LOGIND}.Session", "Unlock")

    def hint_locked(self, *, on: bool) -> None:
        self.bus.call(LOGIND, self.session, f"{LOGIND}.Session", "SetLockedHint", "b", on)

    def activate(self, *, on: bool) -> None:
        self._set(self.session, f"{LOGIND}.Session", "Active", ("b", on))

    def prepare_for_sleep(self, *, begins: bool) -> None:
        self.emit(LOGIND_PATH, MANAGER, "PrepareForSleep", ("b", begins))

    def prepare_for_shutdown(self, *, begins: bool) -> None:
        self.emit(LOGIND_PATH, MANAGER, "PrepareForShutdown", ("b", begins))

    def block(self, *what: str) -> None:
        """Say what is inhibited in block mode, as logind does when that changes."""
        self._set(LOGIND_PATH, MANAGER, "BlockInhibited", ("s", ":".join(what)))

    def inhibitors(self) -> list[tuple[Any, ...]]:
        (found,) = self.bus.call(LOGIND, LOGIND_PATH, MANAGER, "ListInhibitors")
        return found

    def list_only(self, what: str, *, user_id: int) -> None:
        """Let one inhibitor in block mode be all that is listed, of a user of whose choice."""
        code = f"ret = [({what!r}, 'who', 'why', 'block', {user_id}, 1)]"
        self.mock(
            LOGIND_PATH, "AddMethod", "sssss", MANAGER, "ListInhibitors", "", "a(ssssuu)", code
        )

    def remove_session(self) -> None:
        self.mock(LOGIND_PATH, "RemoveObject", "s", self.session)
        removed = (("s", SESSION_ID), ("o", self.session))
        self.emit(LOGIND_PATH, MANAGER, "SessionRemoved", *removed)

    def _set(self, path: str, interface: str, name: str, value: tuple[str, Any]) -> None:
        self.mock(path, "UpdateProperties", "sa{sv}", interface, {name: value})


class Switch(Service):
    """A service of the desktop that has one thing on or off: a screen saver, an inhibitor."""

    def __init__(  # noqa: PLR0913  what a service consists of
        self,
        desktop: PrivateDesktop,
        bus: Bus,
        name: str,
        *,
        question: tuple[str, str] = ("GetActive", ""),
        signal: str = "ActiveChanged",
        signal_signature: str = "b",
        path: str | None = None,
        interface: str | None = None,
    ) -> None:
        self.path = path or "/" + name.replace(".", "/")
        self.interface = interface or name
        super().__init__(desktop, bus, name, "--session", name, self.path, self.interface)
        self._signal, self._signature = signal, signal_signature
        methods = (("TestSet", "b", "", _REMEMBER), (question[0], question[1], "b", _ANSWER))
        for method, takes, gives, code in methods:
            self.mock(self.path, "AddMethod", "sssss", self.interface, method, takes, gives, code)

    def turn(self, *, on: bool) -> None:
        """Turn it on or off, and signal that."""
        self.bus.call(self.name, self.path, self.interface, "TestSet", "b", on)
        value = on if self._signature == "b" else "/org/example/Inhibitor1"
        self.emit(self.path, self.interface, self._signal, (self._signature, value))


class Buses:
    """A system bus for a desktop, and connections to it and to the desktop's session bus."""

    def __init__(self, desktop: PrivateDesktop) -> None:
        self._desktop = desktop
        self._address = desktop.env["DBUS_SYSTEM_BUS_ADDRESS"]
        self._daemon: subprocess.Popen[bytes] | None = None
        self.start_system()
        self.session = Bus(desktop.env["DBUS_SESSION_BUS_ADDRESS"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about_the_error: object) -> None:
        self.session.close()
        self.stop_system()

    def start_system(self) -> None:
        folder = self._desktop.folder
        config = folder / "system-bus.conf"
        config.write_text(
            BUS_CONFIG.format(folder=folder).replace(
                f"{folder}/run/bus", f"{folder}/run/system_bus"
            ),
            "utf-8",
        )
        self._daemon = self._desktop.start(["dbus-daemon", f"--config-file={config}", "--nofork"])
        wait_until(self._connects, READY_SECONDS, "the system bus")

    def stop_system(self) -> None:
        """End the system bus as a crash of it would."""
        assert self._daemon is not None
        self.system.close()
        self._daemon.kill()
        self._daemon.wait()
        with suppress(FileNotFoundError):
            Path(self._address.removeprefix("unix:path=")).unlink()

    def _connects(self) -> bool:
        try:
            self.system = Bus(self._address)
        except OSError:
            return False
        return True
