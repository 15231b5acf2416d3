"""BusConnection: a connection to a D-Bus message bus, with calls, signals and followed names.

Uses jeepney, which needs neither GLib's main loop nor compiled code, so it works the same with and
without a tray.
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

# A working bus answers at once; after this time it counts as lost.
DEADLINE_S = 2.0
BUS = "org.freedesktop.DBus"
_BUS_ADDRESS = DBusAddress("/org/freedesktop/DBus", BUS, BUS)
PROPERTIES = "org.freedesktop.DBus.Properties"
_DENIED = "org.freedesktop.DBus.Error.AccessDenied"

Answer = tuple[Any, ...] | None
"""The result of a call; None for an error, such as a name without an owner."""


class BusLostError(Exception):
    """There is no bus, it does not answer, or it closed the connection."""


class NoAnswerError(BusLostError):
    """The bus, or whom it was to ask, is there and did not answer in time."""


@dataclass(slots=True)
class Follow:
    """A name on the bus, and the callbacks for its events."""

    name: str
    interface: str
    """The interface of its signals and calls; empty means every interface."""

    on_owner: Callable[[bool], None]
    """Called with whether the name has an owner, initially and at each change."""

    on_signal: Callable[[str, str, str, tuple[Any, ...]], None] | None = None
    """Called with path, interface, member and arguments of each signal."""

    on_call: Callable[[str, str, str, tuple[Any, ...]], None] | None = None
    """Called with the same for each call from the name to us, which gets an empty reply."""

    owner: str = ""


class BusConnection:
    """One connection; all methods except `hang_up` must be called from one thread.

    It requests no well-known name; others address it by `unique_name`.
    """

    def __init__(self, address: str, answer_s: float = DEADLINE_S) -> None:
        """Connect to the bus at `address`; `ask` waits up to `answer_s` seconds for an answer.

        Raises:
            BusLostError: there is none.
            NoAnswerError: it did not let us in within `DEADLINE_S`.
        """
        deadline = time.monotonic() + DEADLINE_S
        self._answer_s = answer_s
        self._parser = Parser()
        self._serials = count(1)
        self._waiting: dict[int, Callable[[Answer], None]] = {}
        self._inbox: deque[Message] = deque()
        self._follows: list[Follow] = []
        try:
            self._socket = prep_socket(get_bus(address), enable_fds=True, timeout=DEADLINE_S)
        # BlockingIOError: too many wait for it already, or the time was just over.
        except (TimeoutError, BlockingIOError) as reason:
            raise NoAnswerError(str(reason)) from reason
        # What an address or an answer may be wrong in has many errors.
        except Exception as reason:
            raise BusLostError(str(reason)) from reason
        self._socket.settimeout(DEADLINE_S)
        try:
            answer = self._ask(deadline, _BUS_ADDRESS, "Hello")
        except BusLostError:
            self.close()
            raise
        self.unique_name = str(answer[0]) if answer else ""

    def fileno(self) -> int:
        """Return the descriptor, which becomes readable on a message; -1 once closed.

        Messages that arrived during `ask` have already been read, so call `listen` before waiting.
        """
        return int(self._socket.fileno())

    def follow(self, follow: Follow) -> None:
        """Start calling the callbacks of `follow`.

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
        """Call a method; the answer is delivered in a later `listen`. Does not start a service.

        Raises:
            BusLostError: the bus is gone.
        """
        serial = self._send(to, method, signature, arguments)
        if on_answer:
            self._waiting[serial] = on_answer

    def ask(
        self, to: DBusAddress, method: str, signature: str | None = None, *arguments: object
    ) -> Answer:
        """Call a method and wait for its answer; other messages are queued for `listen`.

        Raises:
            BusLostError: the bus is gone.
            NoAnswerError: the answer did not come in time.
        """
        return self._ask(time.monotonic() + self._answer_s, to, method, signature, *arguments)

    def _ask(
        self,
        deadline: float,
        to: DBusAddress,
        method: str,
        signature: str | None = None,
        *arguments: object,
    ) -> Answer:
        serial = self._send(to, method, signature, arguments)
        while (left_s := deadline - time.monotonic()) > 0:
            for message in self._receive(left_s):
                if message.header.fields.get(HeaderFields.reply_serial) == serial:
                    return _answer(message)
                self._inbox.append(message)
        raise NoAnswerError(f"{to.bus_name} does not answer to {method}")

    def listen(self, timeout_s: float | None = None) -> None:
        """Wait for messages and deliver them in order of arrival.

        With a timeout of 0, deliver all messages that have arrived, without waiting.

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
        """Listen until `done` returns true; return whether it did within `timeout_s`.

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
        """Make a blocked `listen` raise BusLostError; may be called from any thread."""
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
        """Wait for data; return the messages completed by it, or an empty list on timeout."""
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
        except (OSError, ValueError) as reason:  # ValueError: invalid message, or socket closed
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
        # Any process on the bus can send us a signal with any interface, so check the sender.
        for follow in self._follows:
            is_meant = follow.owner == sender and follow.interface in {"", interface}
            if follow.on_signal and is_meant:
                follow.on_signal(fields[HeaderFields.path], interface, member, message.body)

    def _be_called(self, message: Message) -> None:
        """Deliver a call and answer it; calls from names that are not followed are refused."""
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
