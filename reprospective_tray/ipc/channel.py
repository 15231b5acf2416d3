"""One instance for each person, and the channel over which the commands talk to it.

A line of JSON each way over a local socket that its owner alone can reach;
instance.json says where it is and holds the token that every request carries.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.errors import (
    AlreadyRunningError,
    InstanceBusyError,
    NotRunningError,
    ReprospectiveError,
)
from reprospective_tray.ipc import endpoint
from reprospective_tray.messages import _
from reprospective_tray.system.file_lock import FileLock
from reprospective_tray.system.lean_memory import without
from reprospective_tray.system.supervisor import SupervisedPart, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.system.paths import Paths

_log = logging.getLogger(__name__)

MAX_REQUEST = 64 * 1024
MAX_ANSWER = 4 * 1024 * 1024
# A command sends its line at once; who says nothing for longer is cut off.
REQUEST_SECONDS = 3.0
MAX_CONNECTIONS = 16
# How long a command waits to be taken by an instance that is starting, ending or overrun. Longer
# than REQUEST_SECONDS: places that silent connections hold come back in that time.
TAKE_SECONDS = 4.0
# How much of a command's time may go by before it is taken: the rest is for its answer.
_TAKE_SHARE = 0.8
_TAKE_LOOK_SECONDS = 0.05
# How long stop() waits for answers that are being made, where nobody says how long.
STOP_SECONDS = 2.0
# A second start must not take the glance of `is_held` for a running instance.
GLANCE_SECONDS = 0.1
# How long accepting rests when the system has no descriptor to give.
BREATH_SECONDS = 1.0


class _Request(msgspec.Struct):
    token: str
    command: str
    arguments: dict[str, object] = {}


class _Answer(msgspec.Struct, omit_defaults=True):
    result: dict[str, object] | None = None
    error: str = ""
    remedy: str = ""
    is_busy: bool = False


class InstanceLock:
    """Held by the one running instance of this person, for as long as it lives."""

    def __init__(self, paths: Paths) -> None:
        """Take where the lock lies; nothing is locked yet."""
        self._paths = paths
        self._lock = FileLock(paths.lock_file)

    def acquire(self) -> None:
        """Become the running instance.

        Raises:
            AlreadyRunningError: another process is.
            ReprospectiveError: the lock cannot be made.
        """
        self._paths.prepare()
        try:
            held = self._lock.acquire(GLANCE_SECONDS)
        except OSError as error:
            raise ReprospectiveError(
                _("{file} cannot be locked: {reason}").format(
                    file=self._lock.path, reason=error.strerror or error
                ),
                _("Give yourself write access to it."),
            ) from error
        if not held:
            raise AlreadyRunningError(
                _("The program is already running."),
                _("`reprospective-tray status` says more about it."),
            )

    def is_held(self) -> bool:
        """Say whether an instance runs, this process's own included; where nobody knows, yes."""
        if not self._lock.path.exists():
            return False
        try:
            glance = FileLock(self._lock.path)
            free = glance.acquire()
            glance.release()
        except OSError:
            return True
        return not free

    def release(self) -> None:
        """Let another instance start."""
        self._lock.release()


class ControlServer:
    """Answers the commands of this person's other processes.

    `handler` gets a command and its arguments and returns the answer. It runs
    on threads of the connections, several at a time. A `ReprospectiveError`
    of it goes to the other side; anything else is logged and answered as an
    internal error. Only who holds the `InstanceLock` may start one.
    """

    def __init__(
        self,
        paths: Paths,
        handler: Callable[[str, dict[str, object]], dict[str, object]],
        care: Supervisor | None = None,
    ) -> None:
        """Take where the files lie, who answers, and who counts deaths; nothing listens yet."""
        self._care = care or Supervisor()
        self._ended = threading.Event()
        self._paths = paths
        self._handler = handler
        self._endpoint: endpoint.Endpoint | None = None
        self._thread: threading.Thread | None = None
        self._wake: socket.socket | None = None
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()

    def start(self) -> None:
        """Listen from now on, in place of whatever a killed instance left behind.

        Raises:
            ReprospectiveError: the channel cannot be made.
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
        """Stop listening; answers that are being made get so many seconds to leave."""
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
            _shut(connection, socket.SHUT_RD)  # who has not asked yet will not be asked for
        for thread, connection in open_ones.items():
            # A handler may call stop() itself; its own thread cannot wait for its end.
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))
                if thread.is_alive():
                    _shut(connection, socket.SHUT_RDWR)
        self._thread = self._wake = self._endpoint = None

    def _listen(self, where: endpoint.Endpoint, woken: socket.socket) -> None:
        with woken:
            self._care.run(SupervisedPart.COMMANDS, lambda: self._accept(where, woken), self._ended)

    def _accept(self, where: endpoint.Endpoint, woken: socket.socket) -> None:
        """Take connections until `woken` says to stop; sleeps in the kernel in between."""
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
                    continue  # who knocked has gone again
                except OSError as error:
                    _log.warning("a command could not be taken: %s", error)
                    selector.unregister(where.listener)
                    if selector.select(BREATH_SECONDS):
                        return
                    selector.register(where.listener, selectors.EVENT_READ)
                    continue
                self._take(connection, where.token)

    def _take(self, connection: socket.socket, token: str) -> None:
        """Give `connection` a thread of its own, so that a silent one holds up nobody."""
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
            line = _read_line(connection, MAX_REQUEST, time.monotonic() + REQUEST_SECONDS)
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
            request = msgspec.json.decode(line, type=_Request)
        except (msgspec.MsgspecError, RecursionError):
            return _encoded(error=_("This is no command."))
        with without("_hashlib"):
            import hmac

        if not hmac.compare_digest(request.token.encode(errors="replace"), token.encode()):
            return _encoded(error=_("This command comes from somebody else."))
        try:
            return _encoded(result=self._handler(request.command, request.arguments))
        except ReprospectiveError as error:
            return _encoded(error=str(error), remedy=error.remedy)
        except Exception:  # noqa: BLE001  the top of this thread: the other side hears of it all
            _log.exception("the command %r failed", request.command)
            return _encoded(
                error=_("The running instance could not do it: an internal error."),
                remedy=_("Its log says more: {file}").format(file=self._paths.log_file),
            )


def _encoded(
    *, result: dict[str, object] | None = None, error: str = "", remedy: str = ""
) -> bytes:
    return msgspec.json.encode(_Answer(result, error, remedy))


def _turn_away(connection: socket.socket) -> None:
    """Say that all places are taken, and hang up; never waits."""
    try:
        connection.setblocking(False)
        connection.sendall(msgspec.json.encode(_Answer(is_busy=True)) + b"\n")
    except OSError as error:
        _log.debug("a connection was turned away without a word: %s", error)
    connection.close()


def request(
    paths: Paths, command: str, timeout: float = 5.0, **arguments: object
) -> dict[str, object]:
    """Ask the running instance for `command` and return its answer.

    One that is starting, ending or has no place free is asked again for up to `TAKE_SECONDS`.

    Args:
        paths: whose instance.
        command: what to do.
        timeout: seconds for the whole of it.
        arguments: what goes with the command; plain JSON values.

    Raises:
        NotRunningError: there is nobody.
        InstanceBusyError: there is somebody, who did not take the command.
        ReprospectiveError: the instance refused, or did not answer in time.
    """
    until = time.monotonic() + timeout
    taken_until = time.monotonic() + min(_TAKE_SHARE * timeout, TAKE_SECONDS)
    while (answer := _ask(paths, command, timeout, until, arguments)) is None or answer.is_busy:
        if answer is None and not InstanceLock(paths).is_held():
            raise NotRunningError(
                _("The program is not running."), _("Start it with `reprospective-tray run`.")
            )
        if time.monotonic() > taken_until:
            raise _not_taken(is_busy=answer is not None)
        time.sleep(_TAKE_LOOK_SECONDS)
    if answer.result is None:
        raise ReprospectiveError(answer.error, answer.remedy)
    return answer.result


def _ask(
    paths: Paths, command: str, timeout: float, until: float, arguments: dict[str, object]
) -> _Answer | None:
    """Ask once; None where nobody has taken the command.

    Raises:
        InstanceBusyError: it hung up on a command that it may have taken.
        ReprospectiveError: it does not answer.
    """
    there = endpoint.find(paths)
    if there is None:
        return None
    line = msgspec.json.encode(_Request(there.token, command, arguments)) + b"\n"
    is_sent = False
    try:
        with there.connect(timeout) as connection:
            # Who is turned away is told so, also where the command did not leave any more.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(line)
                is_sent = True
            return msgspec.json.decode(_read_line(connection, MAX_ANSWER, until), type=_Answer)
    except TimeoutError as error:
        raise ReprospectiveError(
            _("The running instance (process {pid}) does not answer.").format(pid=there.pid),
            _("If it stays so, end that process and start it again."),
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        # Nobody listens, or somebody else's program does where a killed instance listened.
        if is_sent and InstanceLock(paths).is_held():
            raise _not_taken(is_busy=False) from error
        return None


def _not_taken(*, is_busy: bool) -> InstanceBusyError:
    if is_busy:
        return InstanceBusyError(
            _("The program is running, but too many commands are being answered at once."),
            _("Try again in a moment."),
        )
    return InstanceBusyError(
        _("The program is running, but takes no commands."),
        _("If it stays so, end that process and start it again."),
    )


def _read_line(connection: socket.socket, most: int, until: float) -> bytes:
    """Return the line that `connection` sends.

    Raises:
        TimeoutError: it is not whole when the monotonic clock shows `until`.
        ValueError: it is longer than `most`, or the other side hung up in its middle.
    """
    received = bytearray()
    while b"\n" not in received:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(65536)
        if not piece:
            raise ValueError("the other side hung up")
        received += piece
        if len(received) > most:
            raise ValueError("the line is too long")
    return bytes(received[: received.index(b"\n")])


def _is_owner(connection: socket.socket) -> bool:
    """Say whether the other end belongs to this user, where the kernel tells."""
    if sys.platform != "linux" or connection.family != socket.AF_UNIX:
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.getuid()


def _shut(connection: socket.socket, how: int) -> None:
    try:
        connection.shutdown(how)
    except OSError:
        _log.debug("a connection of the control channel was gone already")
