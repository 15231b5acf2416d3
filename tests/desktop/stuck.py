"""What never answers: servers that say nothing to who connects, and processes that are stopped."""

import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

Answer = Callable[[socket.socket], None]


@contextmanager
def listener(
    bound: socket.socket, answer: Answer = lambda _connection: None
) -> Iterator[list[socket.socket]]:
    """Take every connection to `bound`, give it to `answer`, keep it open; yield all of them."""
    kept: list[socket.socket] = []
    bound.listen(50)
    waking, woken = socket.socketpair()

    def take() -> None:
        while woken not in select.select([bound, woken], [], [])[0]:
            connection, _address = bound.accept()
            kept.append(connection)
            with suppress(OSError):
                answer(connection)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        waking.close()
        thread.join()
        for one in [*kept, bound, woken]:
            one.close()


@contextmanager
def silent_display() -> Iterator[tuple[str, list[socket.socket]]]:
    """Yield an X display whose server never answers: its name, and who has connected to it."""
    Path("/tmp/.X11-unix").mkdir(exist_ok=True)  # noqa: S108  where X servers are looked for
    for number in range(90, 400):
        path = Path(f"/tmp/.X11-unix/X{number}")  # noqa: S108  as above
        bound = socket.socket(socket.AF_UNIX)
        try:
            bound.bind(str(path))
        except OSError:
            bound.close()
            continue
        with listener(bound) as connected:
            yield f":{number}", connected
        path.unlink()
        return


@contextmanager
def silent_bus(path: Path) -> Iterator[str]:
    """Yield the address of a message bus that takes connections and never answers."""
    bound = socket.socket(socket.AF_UNIX)
    bound.bind(str(path))
    with listener(bound):
        yield f"unix:path={path}"


@contextmanager
def silent_server(answer: Answer = lambda _connection: None) -> Iterator[int]:
    """Yield the port of a server on loopback that takes connections and says what `answer` does."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    with listener(bound, answer):
        yield bound.getsockname()[1]


def ask_for_password(connection: socket.socket) -> None:
    """Say what PostgreSQL says to who logs in and has to give a password."""
    connection.settimeout(5)
    begin = connection.recv(1024)
    if begin[4:8] == b"\x04\xd2\x16\x2f":  # SSLRequest
        connection.sendall(b"N")
        connection.recv(1024)
    connection.sendall(b"R\x00\x00\x00\x0c\x00\x00\x00\x05salt")  # as an MD5 hash


@contextmanager
def stopped(env: dict[str, str], *names: str) -> Iterator[None]:
    """Stop the processes of these names that have the variables of `env`'s desktop."""
    mark = "REPROSPECTIVE_VIRTUAL_DESKTOP"
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.name() in names and process.environ().get(mark) == env[mark]:
                found.append(process.pid)
    assert len(found) >= len(names), f"{names} do not all run here"
    with ExitStack() as stack:
        for pid in found:
            os.kill(pid, signal.SIGSTOP)
            stack.callback(os.kill, pid, signal.SIGCONT)
        yield


HANGING_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
/* A write to the disk does not return while the file named by HANG is there. */
static void hang(void) { const char *p = getenv("HANG"); while (p && !access(p, F_OK)) pause(); }
ssize_t pwrite64(int f, const void *b, size_t n, off64_t o) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    hang(); return real(f, b, n, o);
}
ssize_t pwrite(int f, const void *b, size_t n, off_t o) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite");
    hang(); return real(f, b, n, o);
}
int fsync(int f) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    hang(); return real(f);
}
int fdatasync(int f) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    hang(); return real(f);
}
"""


def hanging_disk(folder: Path) -> tuple[dict[str, str], Path]:
    """Return variables for a program whose disk hangs while there is a file, and that file."""
    source, library = folder / "hanging_disk.c", folder / "hanging_disk.so"
    source.write_text(HANGING_DISK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    hang = folder / "hang"
    return {"LD_PRELOAD": str(library), "HANG": str(hang)}, hang
