"""The client end of the control channel: sends commands to the running instance."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from reprospective_tray.errors import InstanceBusyError, NotRunningError, ReprospectiveError
from reprospective_tray.ipc import endpoint
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.ipc.protocol import MAX_ANSWER, REQUEST_SECONDS, Reply, Request, read_line
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from reprospective_tray.system.paths import Paths

# How long a command waits until an instance that is starting, ending or overloaded accepts it.
# Longer than REQUEST_SECONDS, after which the slots of silent connections become free.
TAKE_SECONDS = REQUEST_SECONDS + 1.0
# The share of a command's timeout that may pass before it is accepted; the rest is for its answer.
_TAKE_SHARE = 0.8
_TAKE_LOOK_SECONDS = 0.05


def request(
    paths: Paths, command: str, timeout: float = 5.0, **arguments: object
) -> dict[str, object]:
    """Send `command` to the running instance and return its answer.

    If the instance is starting, ending or busy, the request is repeated for up to `TAKE_SECONDS`.

    Args:
        paths: The folders of the instance's user.
        command: The command's name.
        timeout: Seconds for the whole call.
        arguments: The command's arguments; plain JSON values.

    Raises:
        NotRunningError: no instance is running.
        InstanceBusyError: an instance is running but did not accept the command.
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
) -> Reply | None:
    """Send the command once; return None if no instance has accepted it.

    Raises:
        InstanceBusyError: the instance closed the connection and may have accepted the command.
        ReprospectiveError: it does not answer in time.
    """
    there = endpoint.find(paths)
    if there is None:
        return None
    line = msgspec.json.encode(Request(there.token, command, arguments)) + b"\n"
    is_sent = False
    try:
        with there.connect(timeout) as connection:
            # A busy instance sends its reply and closes at once, so sending may fail; read anyway.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(line)
                is_sent = True
            return msgspec.json.decode(read_line(connection, MAX_ANSWER, until), type=Reply)
    except TimeoutError as error:
        raise ReprospectiveError(
            _("The running program (process {pid}) does not answer.").format(pid=there.pid),
            _("If this persists, end the process and start the program again."),
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        # Nothing listens, or another program does at the address of a killed instance.
        if is_sent and InstanceLock(paths).is_held():
            raise _not_taken(is_busy=False) from error
        return None


def _not_taken(*, is_busy: bool) -> InstanceBusyError:
    if is_busy:
        return InstanceBusyError(
            _("The program is running, but is busy with too many commands at once."),
            _("Try again in a moment."),
        )
    return InstanceBusyError(
        _("The program is running, but does not accept commands."),
        _("If this persists, end the process and start the program again."),
    )
