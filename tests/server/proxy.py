"""A TCP proxy of the tests' own: adds latency, cuts, goes silent, refuses, and goes on again."""

import asyncio
import socket
import struct
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from tests.server.servers import HOST

CHUNK = 1 << 16
QUEUED = 64  # chunks on their way; with more, a sender waits as on a real network
FIRST_STEPS = 3
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST and drops what is unsent

How = Literal["reset", "close"]
Direction = Literal["to_server", "to_client"]
Silence = Literal["lose", "hold"] | None


@dataclass(eq=False)
class _Way:
    """One direction of one connection: what came in, and when it may go out."""

    direction: Direction
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    queue: asyncio.Queue[tuple[float, bytes]] = field(default_factory=lambda: asyncio.Queue(QUEUED))


class _Client(asyncio.StreamReaderProtocol):
    """What asyncio.start_server makes for a client, with its transport noted from the first."""

    def __init__(self, proxy: "Proxy") -> None:
        reader = asyncio.StreamReader(CHUNK)
        super().__init__(reader, proxy._accepted)
        self._noted = proxy._transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._noted.add(transport)
        super().connection_made(transport)


class _Link:
    """One client's connection through the proxy."""

    def __init__(self, to_server: _Way, to_client: _Way) -> None:
        self.ways = (to_server, to_client)
        self.tasks: list[asyncio.Task[None]] = []
        self.last: Direction = "to_client"
        self.lost_bytes = False

    def cut(self, how: How) -> None:
        for task in self.tasks:
            task.cancel()
        for way in self.ways:
            if how == "reset":
                with suppress(OSError):
                    way.writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, RESET
                    )
                way.writer.transport.abort()
            else:
                way.writer.close()


class Proxy:
    """Listens on `host` and `port` and passes everything on to the server; see the methods.

    All methods may be called from any thread; what they say holds when they return. Figures
    are totals since the start: `round_trips` counts how often a client spoke after it was
    answered (the first word included).
    """

    def __init__(self, server_host: str, server_port: int, host: str, port: int = 0) -> None:
        """Take where the server is, and where to listen (port 0: a free one)."""
        self.host = host
        self.port = port
        self.server = (server_host, server_port)
        self.latency = 0.0
        """Seconds that each byte takes, each way: half a round trip."""
        self.round_trips = 0
        self.connections = 0
        self.bytes_to_server = 0
        self.bytes_to_client = 0
        self._links: set[_Link] = set()
        self._transports: weakref.WeakSet[asyncio.WriteTransport] = weakref.WeakSet()
        self._silent: dict[Direction, Silence] = dict.fromkeys(("to_server", "to_client"))
        self._waiting: list[asyncio.Future[None]] = []
        self._budget: dict[Direction, int | None] = dict.fromkeys(("to_server", "to_client"))
        self._cut_how: How = "reset"
        self._was_cut = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._listening: asyncio.Server | None = None

    # Controls

    def cut(self, how: How = "reset") -> None:
        """Cut every connection, by RST or by FIN; new ones are taken."""
        self._in_loop(lambda: self._cut_all(how))

    def cut_after(
        self, *, to_client: int | None = None, to_server: int | None = None, how: How = "reset"
    ) -> None:
        """Pass on so many bytes more, then cut the connection that brought the next one.

        With 0 not even the next byte arrives. A budget counts all connections together, and is
        gone once it has cut: `was_cut` tells.
        """

        def set_budget() -> None:
            self._budget = {"to_client": to_client, "to_server": to_server}
            self._cut_how = how
            self._was_cut.clear()

        self._in_loop(set_budget)

    def was_cut(self, seconds: float = 10.0) -> bool:
        """Wait until what `cut_after` set up has happened; False where it has not by then."""
        return self._was_cut.wait(seconds)

    def go_silent(
        self, *, to_client: bool = True, to_server: bool = True, hold: bool = False
    ) -> None:
        """Pass nothing on from now on, not even the end of a connection; new ones are taken.

        What comes in is lost, and `go_on` cuts the connections it was lost on. With `hold` it is
        kept and delivered by `go_on`, as after a network outage that TCP survives.
        """
        kind: Silence = "hold" if hold else "lose"
        self._in_loop(
            lambda: self._set_silence(kind if to_server else None, kind if to_client else None)
        )

    def refuse(self, how: How = "reset") -> None:
        """Cut every connection and refuse new ones."""

        async def close() -> None:
            if self._listening is not None:
                listening, self._listening = self._listening, None
                # asyncio loses a socket that is accepted just before its listener is closed.
                for each in listening.sockets:
                    self._loop.remove_reader(each.fileno())
                for _turn in range(FIRST_STEPS):
                    await asyncio.sleep(0)
                listening.close()
            self._cut_all(how)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()

    def go_on(self) -> None:
        """Take away silence, refusal and budgets; latency stays."""

        async def restore() -> None:
            self._set_silence(None, None)
            self._budget = dict.fromkeys(("to_server", "to_client"))
            for link in [each for each in self._links if each.lost_bytes]:
                self._cut(link, "reset")
            if self._listening is None:
                await self._listen()

        asyncio.run_coroutine_threadsafe(restore(), self._loop).result()

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._links)

    def start(self) -> "Proxy":
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def stop(self) -> None:
        """Cut everything and end."""
        self.refuse()

        async def finish() -> None:
            for _turn in range(FIRST_STEPS):  # what was accepted just now gets its transport
                await asyncio.sleep(0)
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            # Also those that were closed, and wait for a peer that reads nothing any more.
            for transport in list(self._transports):
                transport.abort()
            await asyncio.sleep(0)  # the transports' last callbacks

        asyncio.run_coroutine_threadsafe(finish(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # Its own loop

    def _in_loop(self, do: Callable[[], None]) -> None:
        async def run() -> None:
            do()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    async def _listen(self) -> None:
        self._listening = await self._loop.create_server(
            lambda: _Client(self), self.host, self.port, backlog=512
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.server, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        self._transports.add(far_writer.transport)
        for each in (writer, far_writer):
            each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(_Way("to_server", reader, far_writer), _Way("to_client", far_reader, writer))
        self._links.add(link)
        link.tasks = [
            self._loop.create_task(work(link, way))
            for way in link.ways
            for work in (self._receive, self._deliver)
        ]

    async def _receive(self, link: _Link, way: _Way) -> None:
        while True:
            try:
                data = await way.reader.read(CHUNK)
            except OSError:
                data = b""
            # An end in a silent network stays unheard; what is held keeps its order.
            if self._silent[way.direction] == "lose":
                link.lost_bytes = True
                if not data:
                    return
                continue
            if data and way.direction == "to_server" and link.last == "to_client":
                self.round_trips += 1
            link.last = way.direction
            await way.queue.put((self._loop.time() + self.latency, data))
            if not data:
                return

    async def _deliver(self, link: _Link, way: _Way) -> None:
        while True:
            due, data = await way.queue.get()
            wait = due - self._loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            while self._silent[way.direction] == "hold":
                await self._changed()
            if self._silent[way.direction] == "lose":
                link.lost_bytes = True
                continue
            if not data:
                self._cut(link, "close")
                return
            budget = self._budget[way.direction]
            ends = budget is not None and len(data) > budget
            if budget is not None:
                data = data[:budget]
                self._budget[way.direction] = budget - len(data)
            await self._write(link, way, data)
            if ends:
                self._budget = dict.fromkeys(("to_server", "to_client"))
                self._cut(link, self._cut_how)
                self._was_cut.set()
                return

    async def _changed(self) -> None:
        """Wait for the next change of the silence."""
        waiting = self._loop.create_future()
        self._waiting.append(waiting)
        await waiting

    def _set_silence(self, to_server: Silence, to_client: Silence) -> None:
        self._silent = {"to_server": to_server, "to_client": to_client}
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():  # its connection may have been cut meanwhile
                each.set_result(None)

    async def _write(self, link: _Link, way: _Way, data: bytes) -> None:
        if way.direction == "to_server":
            self.bytes_to_server += len(data)
        else:
            self.bytes_to_client += len(data)
        try:
            way.writer.write(data)
            await way.writer.drain()
        except OSError:
            self._cut(link, "close")

    def _cut_all(self, how: How) -> None:
        for link in list(self._links):
            self._cut(link, how)

    def _cut(self, link: _Link, how: How) -> None:
        self._links.discard(link)
        link.cut(how)


@contextmanager
def proxy_to(
    server_host: str, server_port: int, *, host: str = HOST, port: int = 0
) -> Iterator[Proxy]:
    """Run a proxy in front of a server; `host` may be any of 127.0.0.0/8."""
    made = Proxy(server_host, server_port, host, port).start()
    try:
        yield made
    finally:
        made.stop()
