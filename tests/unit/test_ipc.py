"""One instance, and a channel that nothing on the other side can jam."""

import errno
import itertools
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprospective_tray.errors import (
    AlreadyRunningError,
    InstanceBusyError,
    NotRunningError,
    ReprospectiveError,
)
from reprospective_tray.ipc import client, endpoint
from reprospective_tray.ipc import server as ipc_server
from reprospective_tray.ipc.client import request
from reprospective_tray.ipc.instance_lock import InstanceLock
from reprospective_tray.ipc.server import ControlServer
from reprospective_tray.system.paths import Paths
from tests.bystander import at_most
from tests.support import PATIENCE_S, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets as files are POSIX")


@pytest.fixture
def paths():
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:  # short: sockets lie in it
        yield Paths(*(Path(folder) / name for name in ("config", "data", "state", "log")))


def echo(command, arguments):
    return {"command": command, "arguments": arguments}


@pytest.fixture
def serve(paths):
    servers = []

    def start(handler=echo):
        server = ControlServer(paths, handler)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def control_threads():
    return [one for one in threading.enumerate() if one.name.startswith("control")]


def raw(paths, data=b"", *, hang_up=False):
    """Connect as any program could, send `data`, and return what is answered."""
    with endpoint.find(paths).connect(5) as connection:
        connection.sendall(data)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def token(paths):
    return json.loads(paths.instance_file.read_text())["token"]


# The lock


def test_a_second_instance_is_refused_until_the_first_lets_go(paths):
    first, second = InstanceLock(paths), InstanceLock(paths)
    first.acquire()
    with pytest.raises(AlreadyRunningError) as caught:
        second.acquire()
    assert caught.value.remedy
    first.release()
    second.acquire()
    second.release()


def test_the_lock_of_a_killed_instance_is_free(paths):
    script = (
        "import sys, pathlib; from reprospective_tray.ipc.instance_lock import InstanceLock;"
        "from reprospective_tray.system.paths import Paths;"
        "InstanceLock_ = InstanceLock(Paths(*map(pathlib.Path, sys.argv[1:])));"
        "InstanceLock_.acquire(); print('held', flush=True); sys.stdin.read()"
    )
    folders = [str(one) for one in (paths.config, paths.data, paths.state, paths.log)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script, *folders], **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError):
            InstanceLock(paths).acquire()
        other.send_signal(signal.SIGKILL)
        other.wait()
    lock = InstanceLock(paths)
    lock.acquire()
    lock.release()


def test_a_lock_that_cannot_be_made_is_an_error_with_a_remedy(paths):
    paths.lock_file.mkdir(parents=True)
    with pytest.raises(ReprospectiveError) as caught:
        InstanceLock(paths).acquire()
    assert str(paths.lock_file) in str(caught.value)
    assert caught.value.remedy


# Asking and answering


def test_a_command_and_its_arguments_arrive_and_the_answer_comes_back(paths, serve):
    serve()
    answer = request(paths, "pause", until=5, why="é\n")
    assert answer == {"command": "pause", "arguments": {"until": 5, "why": "é\n"}}


def test_a_large_answer_arrives_whole(paths, serve):
    serve(lambda *_request: {"x": "y" * 1_000_000})
    assert len(request(paths, "x")["x"]) == 1_000_000


def test_a_refusal_comes_back_with_its_remedy(paths, serve):
    def refuse(_command, _arguments):
        raise ReprospectiveError("It is too late.", "Come earlier.")

    serve(refuse)
    with pytest.raises(ReprospectiveError, match="too late") as caught:
        request(paths, "x")
    assert caught.value.remedy == "Come earlier."


def test_a_fault_is_logged_and_answered_as_an_internal_error(paths, serve, caplog):
    def fail(_command, _arguments):
        raise KeyError("a secret detail")

    serve(fail)
    with pytest.raises(ReprospectiveError, match="internal error") as caught:
        request(paths, "x")
    assert "secret detail" not in str(caught.value)
    assert "secret detail" in caplog.text


def test_an_answer_that_is_no_json_is_an_internal_error(paths, serve):
    serve(lambda command, _arguments: {"x": object()} if command == "bad" else {})
    with pytest.raises(ReprospectiveError, match="internal error"):
        request(paths, "bad")
    assert request(paths, "good") == {}


def test_without_an_instance_the_answer_is_that_nobody_is_there(paths):
    with pytest.raises(NotRunningError) as caught:
        request(paths, "status")
    assert caught.value.remedy


def test_an_instance_that_does_not_answer_is_named_and_not_taken_for_absent(paths, serve):
    release = threading.Event()
    serve(lambda *_request: {"x": release.wait(10)})
    with pytest.raises(ReprospectiveError, match=str(os.getpid())) as caught:
        request(paths, "x", timeout=0.1)
    release.set()
    assert not isinstance(caught.value, NotRunningError)


def test_after_stop_nobody_is_there_and_no_file_or_thread_is_left(paths, serve):
    server = serve()
    request(paths, "x")
    server.stop()
    with pytest.raises(NotRunningError):
        request(paths, "x")
    assert list(paths.state.iterdir()) == []
    assert control_threads() == []
    server.stop()


def test_an_instance_can_start_again_after_stop(paths, serve):
    server = serve()
    server.stop()
    server.start()
    assert request(paths, "x")["command"] == "x"


def test_a_command_may_stop_the_server_and_still_gets_its_answer(paths):
    server = ControlServer(paths, lambda *_request: {"stopped": server.stop() is None})
    server.start()
    assert request(paths, "quit") == {"stopped": True}
    assert not paths.instance_file.exists()


def test_stop_lets_an_answer_that_is_being_made_leave(paths, serve):
    asked, release = threading.Event(), threading.Event()

    def slow(_command, _arguments):
        asked.set()
        return {"done": release.wait(10)}

    server = serve(slow)
    answers = []
    client = threading.Thread(target=lambda: answers.append(request(paths, "x")))
    client.start()
    assert asked.wait(10)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    release.set()
    client.join()
    stopping.join()
    assert answers == [{"done": True}]


# Who may ask


def test_socket_and_instance_file_are_their_owners_alone(paths, serve):
    serve()
    for file in paths.state.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.state.stat().st_mode) == 0o700


@pytest.mark.parametrize("wrong", ["", "x", "é", "0" * 64])
def test_a_wrong_token_reaches_no_handler(paths, serve, wrong):
    asked = []
    serve(lambda *request_: asked.append(request_) or {})
    line = json.dumps({"token": wrong, "command": "quit"}).encode() + b"\n"
    assert b"error" in raw(paths, line)
    assert asked == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells the peer on Linux")
def test_another_user_is_hung_up_on(paths, serve, monkeypatch):
    serve()
    me = os.getuid()
    monkeypatch.setattr("os.getuid", lambda: me + 1)
    with pytest.raises(ReprospectiveError):
        request(paths, "x")
    monkeypatch.undo()
    assert request(paths, "x")


# What else may come over the channel


@pytest.mark.parametrize(
    "line",
    [b"\n", b"hello\n", b"{}\n", b"[]\n", b"\xff\n", b"[" * 50_000 + b"\n", b'{"token": 1}\n'],
)
def test_garbage_is_answered_with_an_error(paths, serve, line):
    serve()
    assert "error" in json.loads(raw(paths, line))
    assert request(paths, "x")


def test_half_a_line_and_a_hang_up_disturb_nobody(paths, serve):
    serve()
    assert raw(paths, b'{"token": ', hang_up=True) == b""
    assert request(paths, "x")


def send_until_cut_off(connection, piece, pause=0.0, deadline=PATIENCE_S):
    """Send `piece` again and again; say whether the other side hung up, and after how long."""
    started = time.monotonic()
    while time.monotonic() - started < deadline:
        try:
            connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return time.monotonic() - started
        threading.Event().wait(pause)
    return None


def test_a_line_without_end_is_cut_off(paths, serve):
    serve()
    with endpoint.find(paths).connect(5) as connection, at_most(ipc_server.REQUEST_SECONDS):
        assert send_until_cut_off(connection, b"x" * 65536) is not None
    assert request(paths, "x")


def test_a_silent_client_blocks_nobody_and_is_cut_off(paths, serve, monkeypatch):
    monkeypatch.setattr(ipc_server, "REQUEST_SECONDS", 2.0)
    serve()
    with endpoint.find(paths).connect(PATIENCE_S) as silent:
        assert request(paths, "x")
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):  # it is not cut off yet
            silent.recv(1)
        silent.settimeout(PATIENCE_S)
        assert silent.recv(1) == b""


def test_a_client_that_drips_is_cut_off_at_the_same_deadline(paths, serve, monkeypatch):
    monkeypatch.setattr(ipc_server, "REQUEST_SECONDS", 0.2)
    serve()
    with at_most(2), endpoint.find(paths).connect(5) as dripping:
        after = send_until_cut_off(dripping, b"x", pause=0.02)
    assert after is not None
    assert after > 0.15


def test_a_silent_client_does_not_delay_stop(paths, serve):
    server = serve()
    with endpoint.find(paths).connect(5) as silent:
        request(paths, "x")  # so that the silent one was taken, too
        with at_most(1):
            server.stop()
        assert silent.recv(1) == b""
    assert control_threads() == []


@pytest.fixture
def full(paths, serve, monkeypatch):
    """A running instance whose places are all taken by connections that say nothing."""
    monkeypatch.setattr(ipc_server, "MAX_CONNECTIONS", 2)
    lock = InstanceLock(paths)
    lock.acquire()
    serve()
    there = endpoint.find(paths)
    silent = [there.connect(5) for _number in range(2)]
    yield silent
    for connection in silent:
        connection.close()
    lock.release()


@pytest.mark.trust
@pytest.mark.parametrize("command", ["status", "pause", "resume", "sync", "quit", "forget", "show"])
def test_a_command_without_a_place_is_told_so_and_never_that_nothing_runs(
    paths, full, monkeypatch, command
):
    assert full
    monkeypatch.setattr(client, "TAKE_SECONDS", 0.2)
    with pytest.raises(InstanceBusyError, match="too many commands") as caught:
        request(paths, command)
    assert caught.value.remedy


@pytest.mark.trust
def test_a_command_without_a_place_is_answered_once_a_silent_connection_is_cut_off(paths, full):
    assert full
    assert request(paths, "status") == {"command": "status", "arguments": {}}


@pytest.mark.trust
def test_a_command_of_many_bytes_is_told_that_all_places_are_taken(paths, full, monkeypatch):
    assert full
    monkeypatch.setattr(client, "TAKE_SECONDS", 0.2)
    with pytest.raises(InstanceBusyError, match="too many commands"):
        request(paths, "x", much="y" * 1_000_000)


@pytest.mark.trust
@pytest.mark.parametrize("left", ["nothing", "garbage", "a socket where nobody listens"])
def test_an_instance_that_cannot_be_reached_is_not_said_to_be_absent(paths, monkeypatch, left):
    monkeypatch.setattr(client, "TAKE_SECONDS", 0.2)
    lock = InstanceLock(paths)
    lock.acquire()
    if left == "garbage":
        paths.instance_file.write_bytes(b"\xff{")
    elif left != "nothing":
        address = str(paths.state / "control.sock")
        paths.instance_file.write_text(json.dumps({"address": address, "pid": 1, "token": "x"}))
    with pytest.raises(InstanceBusyError, match="does not accept commands"):
        request(paths, "status")
    lock.release()
    with pytest.raises(NotRunningError):
        request(paths, "status")


@pytest.mark.trust
def test_a_command_to_an_instance_that_starts_waits_until_it_listens(paths, serve):
    lock = InstanceLock(paths)
    lock.acquire()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(request(paths, "status")))
    asking.start()
    serve()
    asking.join(10)
    assert answers == [{"command": "status", "arguments": {}}]
    lock.release()


@pytest.mark.trust
def test_a_command_that_was_taken_is_not_sent_a_second_time(paths):
    """Who hangs up in its middle may have done it."""
    paths.prepare()
    lock = InstanceLock(paths)
    lock.acquire()
    file = paths.state / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(file))
        listener.listen()
        paths.instance_file.write_text(
            json.dumps({"address": str(file), "pid": os.getpid(), "token": "x"})
        )
        taken = []

        def hang_up():
            connection, _address = listener.accept()
            with connection:
                taken.append(connection.recv(65536))

        other = threading.Thread(target=hang_up)
        other.start()
        with pytest.raises(InstanceBusyError):
            request(paths, "forget")
        other.join()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert len(taken) == 1
    lock.release()


def test_more_clients_than_the_bound_are_hung_up_on_and_their_places_come_back(paths, full):
    for connection in full:
        connection.close()

    def is_quiet():
        return not any(each.name == "control-answer" for each in control_threads())

    wait_until(is_quiet, PATIENCE_S, "the threads that answer to end")
    assert request(paths, "x")


def test_many_clients_at_once_each_get_their_own_answer(paths, serve):
    serve()
    answers = []

    def ask(number):
        answers.append((number, request(paths, "x", number=number)["arguments"]["number"]))

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    assert len(answers) == 12
    assert all(asked == answered for asked, answered in answers)


def test_a_system_without_descriptors_neither_ends_nor_spins_the_server(
    paths, serve, monkeypatch, caplog
):
    monkeypatch.setattr(ipc_server, "BREATH_SECONDS", 0.05)
    server = serve()
    listener = server._endpoint.listener
    failures = []

    class Exhausted:
        def fileno(self):
            return listener.fileno()

        def accept(self):
            if len(failures) < 3:
                failures.append(time.monotonic())
                raise OSError(errno.EMFILE, "Too many open files")
            return listener.accept()

        def close(self):
            listener.close()

    server.stop()
    real_open = endpoint.Endpoint.open

    def opened(which):
        nonlocal listener
        made = real_open(which)
        listener, made.listener = made.listener, Exhausted()
        return made

    monkeypatch.setattr(endpoint.Endpoint, "open", opened)
    server.start()
    assert request(paths, "x")
    assert len(failures) == 3
    assert all(after - before >= 0.04 for before, after in itertools.pairwise(failures))
    assert "Too many open files" in caplog.text


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_no_bytes_end_the_server(paths, data):
    server = ControlServer(paths, echo)
    server.start()
    try:
        raw(paths, data, hang_up=True)
        assert request(paths, "x")
    finally:
        server.stop()


# What a killed instance leaves behind


def test_leftovers_of_a_killed_instance_are_seen_through_at_once_and_replaced(paths, serve):
    paths.prepare()
    file = paths.state / "control.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(file))
    left.close()
    paths.instance_file.write_text(json.dumps({"address": str(file), "pid": 1, "token": "x"}))
    with at_most(0.5), pytest.raises(NotRunningError):
        request(paths, "x")
    serve()
    assert request(paths, "x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"address": "", "pid": 1, "token": ""}',
        b'{"address": "x:y", "pid": 1, "token": ""}',
    ],
)
def test_a_damaged_instance_file_means_that_nobody_is_there_and_is_replaced(paths, serve, content):
    paths.prepare()
    paths.instance_file.write_bytes(content)
    with pytest.raises(NotRunningError):
        request(paths, "x")
    serve()
    assert request(paths, "x")


def test_a_stale_instance_file_never_makes_start_remove_anything_but_a_socket(paths, serve):
    paths.prepare()
    precious = paths.state / "precious.db"
    precious.write_text("keep")
    instance = {"address": str(precious), "pid": 1, "token": "x"}
    paths.instance_file.write_text(json.dumps(instance))
    serve()
    assert precious.read_text() == "keep"


def test_somebody_elses_server_at_an_old_address_is_not_taken_for_ours(paths):
    paths.prepare()
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        paths.instance_file.write_text(json.dumps({"address": address, "pid": 1, "token": "x"}))

        def talk():
            connection, _address = other.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(NotRunningError):
            request(paths, "x")
        thread.join()


# Other ways to listen


def test_a_folder_with_a_long_name_gets_its_socket_elsewhere_and_leaves_nothing(
    paths, monkeypatch, tmp_path
):
    monkeypatch.setattr(tempfile, "tempdir", str(paths.config.parent))
    deep = Paths(tmp_path, tmp_path, tmp_path / ("x" * 120), tmp_path)
    server = ControlServer(deep, echo)
    server.start()
    folder = Path(endpoint.find(deep).address).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert request(deep, "x")
    server.stop()
    assert not folder.exists()


def test_without_socket_files_the_channel_is_loopback_with_the_token(paths, serve, monkeypatch):
    family = socket.AF_UNIX
    pair = socket.socketpair
    monkeypatch.delattr(socket, "AF_UNIX")
    monkeypatch.setattr(socket, "socketpair", lambda: pair(family))
    monkeypatch.setattr(ipc_server, "_is_owner", lambda _connection: True)
    serve()
    assert endpoint.find(paths).address.startswith("127.0.0.1:")
    assert request(paths, "x", y=1)["arguments"] == {"y": 1}
    line = json.dumps({"token": "wrong", "command": "x"}).encode() + b"\n"
    assert b"another user" in raw(paths, line)


def test_a_channel_that_cannot_be_opened_is_an_error_with_a_remedy(paths):
    paths.state.parent.mkdir(exist_ok=True)
    paths.state.write_text("a file has its name")
    with pytest.raises(ReprospectiveError) as caught:
        ControlServer(paths, echo).start()
    assert caught.value.remedy


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel counts switches in /proc on Linux")
def test_an_idle_server_never_wakes_up(paths, serve):
    serve()
    request(paths, "x")
    [thread] = [one for one in control_threads() if one.name == "control"]

    def switches():
        status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
        return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])

    threading.Event().wait(0.1)
    before = switches()
    threading.Event().wait(0.6)
    assert switches() == before


def test_whether_the_lock_is_held_is_seen_without_taking_it(paths):
    asking, running = InstanceLock(paths), InstanceLock(paths)
    assert asking.is_held() is False
    assert not paths.state.exists()
    running.acquire()
    assert asking.is_held() is True
    assert running.is_held() is True
    running.release()
    assert asking.is_held() is False
    running.acquire()
    running.release()
