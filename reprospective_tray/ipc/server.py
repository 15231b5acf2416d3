"""The server end of the control channel: answers the commands of other processes."""

from __future__ import annotations

import logging
import os
import selectors
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.errors import ReprospectiveError
from reprospective_tray.ipc import endpoint
from reprospective_tray.ipc.protocol import (
    MAX_REQUEST,
    REQUEST_SECONDS,
    Reply,
    Request,
    read_line,
)
from reprospective_tray.messages import _
from reprospective_tray.system.lean_memory import without
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.system.paths import Paths

_log = logging.getLogger(__name__)

MAX_CONNECTIONS = 16
# How long stop() waits by default for answers in progress.
STOP_SECONDS = 2.0
# How long accepting pauses if the system has no free descriptor.
BREATH_SECONDS = 1.0


class ControlServer:
    """Answers the commands of this user's other processes.

    `handler` gets a command and its arguments and returns the answer. It runs in the threads of
    the connections, several at a time. Its `ReprospectiveError` is sent to the client; any other
    exception is logged and answered as an internal error. Only the holder of the `InstanceLock`
    may start a server.
    """

    def __init__(
        self,
        paths: Paths,
        handler: Callable[[str, dict[str, object]], dict[str, object]],
        supervisor: Supervisor | None = None,
    ) -> None:
        """Take the folders, the handler, and the supervisor that restarts the thread."""
        self._supervisor = supervisor or Supervisor()
        self._ended = threading.Event()
        self._paths = paths
        self._handler = handler
        self._endpoint: endpoint.Endpoint | None = None
        self._thread: threading.Thread | None = None
        self._wake: socket.socket | None = None
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()

    def start(self) -> None:
        """Start listening; replaces the files left by a killed instance.

        Raises:
            ReprospectiveError: the channel cannot be created.
        """
        try:
            self._endpoint = endpoint.Endpoint.open(self._paths)
        except OSError as error:
            raise ReprospectiveError(
                _("The channel for commands cannot be opened in {folder}: {reason}").format(
                    folder=self._paths.state, reason=error.strerror or error
                ),
                _("Free some space, or give yourself write access to it."),
            ) from error
        self._wake, woken = socket.socketpair()
        self._ended.clear()
        self._thread = threading.Thread(
            target=self._listen, args=(self._endpoint, woken), name="control", daemon=True
        )
        self._thread.start()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop listening; answers in progress get up to `seconds` to complete."""
        if self._thread is None or self._wake is None or self._endpoint is None:
            return
        self._ended.set()
        self._wake.close()
        until = time.monotonic() + seconds
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)
        self._endpoint.close()
        with self._guard:
            open_ones = dict(self._connections)
        for connection in open_ones.values():
            _shut(connection, socket.SHUT_RD)  # requests that have not arrived are dropped
        for thread, connection in open_ones.items():
            # A handler may call stop(); its thread cannot join itself.
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))
                if thread.is_alive():
                    _shut(connection, socket.SHUT_RDWR)
        self._thread = self._wake = self._endpoint = None

    def _listen(self, where: endpoint.Endpoint, woken: socket.socket) -> None:
        with woken:
            self._supervisor.run(
                SupervisedPart.COMMANDS, lambda: self._accept(where, woken), self._ended
            )

    def _accept(self, where: endpoint.Endpoint, woken: socket.socket) -> None:
        """Accept connections until `woken` becomes readable; blocks in select() in between."""
        with selectors.DefaultSelector() as selector:
            selector.register(woken, selectors.EVENT_READ)
            selector.register(where.listener, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _events in selector.select()]
                if woken in ready:
                    return
                try:
                    connection, _address = where.listener.accept()
                except (BlockingIOError, ConnectionAbortedError):
                    continue  # the client has disconnected
                except OSError as error:
                    _log.warning("a command could not be accepted: %s", error)
                    selector.unregister(where.listener)
                    if selector.select(BREATH_SECONDS):
                        return
                    selector.register(where.listener, selectors.EVENT_READ)
                    continue
                self._take(connection, where.token)

    def _take(self, connection: socket.socket, token: str) -> None:
        """Serve `connection` in its own thread, so that a silent client does not block others."""
        if not _is_owner(connection):
            connection.close()
            return
        with self._guard:
            if len(self._connections) >= MAX_CONNECTIONS:
                _turn_away(connection)
                return
            thread = threading.Thread(
                target=self._serve, args=(connection, token), name="control-answer", daemon=True
            )
            self._connections[thread] = connection
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            _log.warning("a command could not be answered: %s", error)
            with self._guard:
                del self._connections[thread]
            _turn_away(connection)

    def _serve(self, connection: socket.socket, token: str) -> None:
        try:
            line = read_line(connection, MAX_REQUEST, time.monotonic() + REQUEST_SECONDS)
            answer = self._answer(line, token)
            connection.settimeout(REQUEST_SECONDS)
            connection.sendall(answer + b"\n")
        except (OSError, ValueError) as error:
            _log.debug("a connection of the control channel ended early: %s", error)
        finally:
            with self._guard:
                self._connections.pop(threading.current_thread(), None)
            connection.close()

    def _answer(self, line: bytes, token: str) -> bytes:
        """Return the answer to a request, ready to send."""
        try:
            request = msgspec.json.decode(line, type=Request)
        except (msgspec.MsgspecError, RecursionError):
            return _encoded(error=_("This is not a command."))
        with without("_hashlib"):
            import hmac

        if not hmac.compare_digest(request.token.encode(errors="replace"), token.encode()):
            return _encoded(error=_("This command comes from another user."))
        try:
            return _encoded(result=self._handler(request.command, request.arguments))
        except ReprospectiveError as error:
            return _encoded(error=str(error), remedy=error.remedy)
        except Exception:  # noqa: BLE001  top of the thread: the client gets an error for it
            _log.exception("the command %r failed", request.command)
            return _encoded(
                error=_("The running program failed with an internal error."),
                remedy=_("See its log for details: {file}").format(file=self._paths.log_file),
            )


def _encoded(
    *, result: dict[str, object] | None = None, error: str = "", remedy: str = ""
) -> bytes:
    return msgspec.json.encode(Reply(result, error, remedy))


def _turn_away(connection: socket.socket) -> None:
    """Reply that the server is busy and close the connection; never blocks."""
    try:
        connection.setblocking(False)
        connection.sendall(msgspec.json.encode(Reply(is_busy=True)) + b"\n")
    except OSError as error:
        _log.debug("a connection was refused without a reply: %s", error)
    connection.close()


def _is_owner(connection: socket.socket) -> bool:
    """Return whether the peer is this user's process; always True where the kernel cannot tell."""
    if sys.platform != "linux" or connection.family != socket.AF_UNIX:
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.getuid()


def _shut(connection: socket.socket, how: int) -> None:
    try:
        connection.shutdown(how)
    except OSError:
        _log.debug("a connection of the control channel was already closed")
