"""Where figures are read: this computer's database, the server, or both for one range.

Sessions that retention has taken from here keep their totals; their titles and
hours are asked of the server, where it can be reached.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from msgspec import Struct

from reprospective_tray.errors import ReprospectiveError, StoreError
from reprospective_tray.messages import _
from reprospective_tray.store.engine.adapter import DatabaseAdapter
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.query.details import RemoteDetails
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.summary.figures.report import Origin

LOCAL, SERVER = "local", "server"
_LOOK_SECONDS = 0.05
Answer = TypeVar("Answer")


class Scope(Struct, frozen=True):
    """Whose sessions are looked at: a `source` (``local``, ``server``), and a host of it or all."""

    source: str = LOCAL
    host: str | None = None


THIS_COMPUTER = Scope()


class Sources:
    """Where figures are read; what was opened once is asked again as long as it is there."""

    def __init__(
        self,
        local: Callable[[], DatabaseAdapter],
        server: Callable[[], DatabaseAdapter] | None = None,
    ) -> None:
        """Take what makes the adapters, for reading; `server` None: none is named."""
        self._makers = {LOCAL: local} | ({SERVER: server} if server else {})
        self._adapters: dict[str, DatabaseAdapter] = {}
        self._queries: dict[str, Queries] = {}

    def apart(self) -> "Sources":
        """Return the same places for another thread, which opens them for itself."""
        return Sources(self._makers[LOCAL], self._makers.get(SERVER))

    @property
    def has_server(self) -> bool:
        """Whether a server is named."""
        return SERVER in self._makers

    def let_end(self, thread: threading.Thread, seconds: float) -> None:
        """Wait up to `seconds` for the end of the thread that reads here, whatever it waits for.

        It closes its connections then. One that is still stuck ends with the process.
        """
        until = time.monotonic() + seconds
        while thread.is_alive() and time.monotonic() < until:
            for adapter in list(self._adapters.values()):
                adapter.abort()
            thread.join(_LOOK_SECONDS)

    @contextmanager
    def reading(self, source: str) -> Iterator[Queries]:
        """Open this thread's connection to a source, for questions.

        Raises:
            StoreError: it cannot be read.
        """
        known = self._queries.get(source)
        # A damaged file is replaced by another one.
        if known is None or known.adapter.replaced:
            self._adapters[source] = adapter = self._makers[source]()
            adapter.open()
            self._queries[source] = known = Queries(adapter)
        with known.adapter.reading():
            yield known


class OpenSource(Struct, frozen=True):
    """An open place to ask: `queries` for totals, `details` where raw rows are needed."""

    queries: Queries
    details: Queries | RemoteDetails
    origin: Origin


def ask(
    sources: Sources,
    scope: Scope,
    days: DayRange | None,
    question: Callable[[OpenSource], Answer],
    *,
    alone: bool = False,
) -> Answer:
    """Ask `question` of the source of `scope`.

    Args:
        sources: Where.
        scope: Which of them, and which host.
        days: For which raw rows are needed; None: for none.
        question: Asked once, or again without the server where that fails.
        alone: Whether to ask no server for what the local source lacks.

    Raises:
        ReprospectiveError: the source cannot be read.
    """
    if scope.source == SERVER and not sources.has_server:
        raise ReprospectiveError(
            _("No server to read from is set in the config."),
            _("Set database.remote in config.yaml to your server."),
        )
    with sources.reading(scope.source) as queries:
        missing = queries.missing_days(days) if days and scope.source == LOCAL else ()
        if not missing:
            return question(OpenSource(queries, queries, Origin()))
        problem = _("no server is set in the config.")
        if sources.has_server and not alone:
            try:
                with sources.reading(SERVER) as server:
                    both = RemoteDetails(queries, server)
                    return question(OpenSource(queries, both, Origin(server_days=missing)))
            except StoreError as error:
                problem = str(error)
        elif sources.has_server:
            problem = _("they are being loaded.")
        absent = Origin(absent_days=missing, problem=problem)
        return question(OpenSource(queries, RemoteDetails(queries, None), absent))
