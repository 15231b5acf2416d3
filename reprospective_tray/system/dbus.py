"""BusConnection: a connection to a D-Bus message bus, with calls, signals and followed names.

By jeepney, which needs neither GLib's loop nor a compiled part: the same with and without a tray.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageFlag,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
)
from jeepney.bus import get_bus
from jeepney.fds import FileDescriptor, fds_buf_size
from jeepney.io.blocking import prep_socket
from jeepney.low_level import Parser

if TYPE_CHECKING:
    from collections.abc import Callable

# A bus answers at once; one that takes this long never does.
DEADLINE_S = 2.0
BUS = "org.freedesktop.DBus"
_BUS_ADDRESS = DBusAddress("/org/freedesktop/DBus", BUS, BUS)
PROPERTIES = "org.freedesktop.DBus.Properties"
_DENIED = "org.freedesktop.DBus.Error.AccessDenied"

Answer = tuple[Any, ...] | None
"""What a call returned; None for an error, such as that nobody has the name."""


class BusLostError(Exception):
    """There is no bus, it does not answer, or it hung up."""


@dataclass(slots=True)
class Follow:
    """A name on the bus, and what is to be heard of it."""

    name: str
    interface: str
    """Whose signals; empty: of every interface."""

    on_owner: Callable[[bool], None]
    """Told whether somebody has the name, at first and at each change."""

    on_signal: Callable[[str, str, str, tuple[Any, ...]], None] | None = None
    """Told path, interface, member and arguments."""

    on_call: Callable[[str, str, str, tuple[Any, ...]], None] | None = None
    """Told the same of the calls that it makes to us, each of which is answered with nothing."""

    owner: str = ""


class BusConnection:
    """One connection; all but `hang_up` belongs to one thread.

    It asks for no name: `unique_name` is what others call it by.
    """

    def __init__(self, address: str, answer_s: float = DEADLINE_S) -> None:
        """Connect to the bus at `address`; whom it asks has `answer_s` for the answer.

        Raises:
            BusLostError: there is none, or it does not answer in time.
        """
        self._answer_s = answer_s
        self._parser = Parser()
        self._serials = count(1)
        self._waiting: dict[int, Callable[[Answer], None]] = {}
        self._inbox: deque[Message] = deque()
        self._follows: list[Follow] = []
        try:
            self._socket = prep_socket(get_bus(address), enable_fds=True, timeout=DEADLINE_S)
        # What an address or an answer may be wrong in has many errors.
        except Exception as reason:
            raise BusLostError(str(reason)) from reason
        self._socket.settimeout(DEADLINE_S)
        try:
            answer = self.ask(_BUS_ADDRESS, "Hello")
        except BusLostError:
            self.close()
            raise
        self.unique_name = str(answer[0]) if answer else ""

    def fileno(self) -> int:
        """Return the descriptor that can be read when something comes; -1 once it is closed.

        What came during an `ask` has been read by then: `listen` first, then wait.
        """
        return int(self._socket.fileno())

    def follow(self, follow: Follow) -> None:
        """Hear of a name from now on.

        Raises:
            BusLostError: the bus is gone.
        """
        self._follows.append(follow)
        changes = f"type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged'"
        rules = [f"{changes},arg0='{follow.name}'"]
        if follow.on_signal:
            only = f",interface='{follow.interface}'" if follow.interface else ""
            rules.append(f"type='signal',sender='{follow.name}'{only}")
        for rule in rules:
            self.call(_BUS_ADDRESS, "AddMatch", "s", rule)

        def own(answer: Answer) -> None:
            self._own(follow, answer[0] if answer else "")

        self.call(_BUS_ADDRESS, "GetNameOwner", "s", follow.name, on_answer=own)

    def call(
        self,
        to: DBusAddress,
        method: str,
        signature: str | None = None,
        *arguments: object,
        on_answer: Callable[[Answer], None] | None = None,
    ) -> None:
        """Call a method; its answer comes in a later `listen`. No service is started for it.

        Raises:
            BusLostError: the bus is gone.
        """
        serial = self._send(to, method, signature, arguments)
        if on_answer:
            self._waiting[serial] = on_answer

    def ask(
        self, to: DBusAddress, method: str, signature: str | None = None, *arguments: object
    ) -> Answer:
        """Call a method and wait for its answer; signals that come meanwhile are heard later.

        Raises:
            BusLostError: the bus is gone, or the answer did not come in time.
        """
        serial = self._send(to, method, signature, arguments)
        deadline = time.monotonic() + self._answer_s
        while (left_s := deadline - time.monotonic()) > 0:
            for message in self._receive(left_s):
                if message.header.fields.get(HeaderFields.reply_serial) == serial:
                    return _answer(message)
                self._inbox.append(message)
        raise BusLostError(f"{to.bus_name} does not answer to {method}")

    def listen(self, timeout_s: float | None = None) -> None:
        """Wait until something comes, and pass it on, in the order in which it came.

        With a timeout of 0 all that has come is passed on, and nothing is waited for.

        Raises:
            BusLostError: the bus is gone.
        """
        if not self._inbox:
            self._inbox.extend(self._receive(timeout_s))
        if timeout_s == 0:
            while self._is_readable():
                self._inbox.extend(self._receive(0))
        while self._inbox:
            self._pass_on(self._inbox.popleft())

    def listen_until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Listen until something that came made `done` true; return whether it did in time.

        Raises:
            BusLostError: the bus is gone.
        """
        deadline = time.monotonic() + timeout_s
        while not done():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            self.listen(left_s)
        return True

    def hang_up(self) -> None:
        """Let whoever listens find the bus gone; from any thread."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _send(
        self, to: DBusAddress, method: str, signature: str | None, arguments: tuple[object, ...]
    ) -> int:
        message = new_method_call(to, method, signature, arguments)
        message.header.flags |= MessageFlag.no_auto_start
        return self._put(message)

    def _put(self, message: Message) -> int:
        serial = next(self._serials)
        try:
            self._socket.sendall(message.serialise(serial=serial))
        except OSError as reason:
            raise BusLostError(str(reason)) from reason
        return serial

    def _is_readable(self) -> bool:
        return self.fileno() >= 0 and bool(select.select([self._socket], [], [], 0)[0])

    def _receive(self, timeout_s: float | None) -> list[Message]:
        """Wait for bytes, and return the messages that they complete: none, where none came."""
        try:
            ready, _write, _error = select.select([self._socket], [], [], timeout_s)
            if not ready:
                return []
            data, extra, _flags, _from = self._socket.recvmsg(
                self._parser.bytes_desired(), fds_buf_size()
            )
            if not data:
                raise BusLostError("it hung up")
            self._parser.add_data(data, FileDescriptor.from_ancdata(extra))
            return list(iter(self._parser.get_next_message, None))
        except (OSError, ValueError) as reason:  # ValueError: it is no message, or it is closed
            raise BusLostError(str(reason)) from reason

    def _pass_on(self, message: Message) -> None:
        fields = message.header.fields
        if (serial := fields.get(HeaderFields.reply_serial)) is not None:
            if on_answer := self._waiting.pop(serial, None):
                on_answer(_answer(message))
            return
        if message.header.message_type is MessageType.method_call:
            self._be_called(message)
            return
        if message.header.message_type is not MessageType.signal:
            return
        sender = fields.get(HeaderFields.sender, "")
        interface, member = fields[HeaderFields.interface], fields[HeaderFields.member]
        if (sender, interface, member) == (BUS, BUS, "NameOwnerChanged"):
            for follow in self._follows:
                if follow.name == message.body[0]:
                    self._own(follow, message.body[2])
            return
        # Anybody on the bus may send a signal to us alone, under whatever interface.
        for follow in self._follows:
            is_meant = follow.owner == sender and follow.interface in {"", interface}
            if follow.on_signal and is_meant:
                follow.on_signal(fields[HeaderFields.path], interface, member, message.body)

    def _be_called(self, message: Message) -> None:
        """Pass a call on and answer it; others than those who are followed are refused."""
        fields = message.header.fields
        sender, interface = fields.get(HeaderFields.sender, ""), fields.get(HeaderFields.interface)
        answer = new_error(message, _DENIED)
        for follow in self._follows:
            if follow.on_call and follow.owner == sender and follow.interface in {"", interface}:
                member = fields[HeaderFields.member]
                follow.on_call(fields[HeaderFields.path], interface or "", member, message.body)
                answer = new_method_return(message)
        if not message.header.flags & MessageFlag.no_reply_expected:
            self._put(answer)

    def _own(self, follow: Follow, owner: str) -> None:
        if owner and follow.owner == owner:
            return
        follow.owner = owner
        follow.on_owner(bool(owner))


def _answer(message: Message) -> Answer:
    return message.body if message.header.message_type is MessageType.method_return else None
