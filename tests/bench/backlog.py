"""What a backlog of a million sessions costs: memory, and the writes of recording meanwhile."""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.recording.session_writer import SessionWriter
from tests.bench.heartbeat import NOW, _going_on, filled
from tests.bench.measures import pss_mb
from tests.bench.shipping import central_database
from tests.server.shipper import Shipper

WRITE_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Backlog:
    """MB that the process grew by, ms of the slowest hundredth of writes, rows a second."""

    growth_mb: float
    p99_ms: float
    alone_p99_ms: float
    rows_a_second: float


def ship(count: int = 1_000_000) -> Backlog:
    """Ship `count` sessions from a process of its own that records at the same time."""
    with central_database() as central, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backlog.db"
        filled(path, count).close()
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.backlog", path],
            input=central.dsn(),
            capture_output=True,
            text=True,
            check=True,
        )
    return Backlog(**json.loads(done.stdout))


class _Recording:
    """Writes a heartbeat again and again, and notes how long each takes."""

    def __init__(self, shipper: Shipper) -> None:
        self._shipper = shipper
        self._stop = threading.Event()
        self._times: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def p99_ms(self, seconds: float = 0.0) -> float:
        """Return the slowest hundredth since the last call, after `seconds` more."""
        self._stop.wait(seconds)
        taken, self._times = self._times, []
        return statistics.quantiles(taken, n=100)[98]

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        adapter = self._shipper.adapter()
        adapter.open()
        uid = new_uid(NOW)
        with adapter.connection():
            writer = SessionWriter(adapter, "bench")
            number = 0
            while not self._stop.wait(WRITE_EVERY_S):
                number += 1
                begun = time.perf_counter()
                writer.apply([Put(_going_on(NOW + number, uid))])
                self._times.append((time.perf_counter() - begun) * 1000)


class _Memory:
    """The most that this process ever has, looked at ten times a second."""

    def __init__(self) -> None:
        self.first = self.most = pss_mb("self")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> float:
        self._stop.set()
        self._thread.join()
        return self.most - self.first

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            with suppress(OSError):
                self.most = max(self.most, pss_mb("self"))


def _ship_and_record(path: Path, dsn: str) -> Backlog:
    shipper = Shipper(path, dsn)
    recording = _Recording(shipper)
    alone = recording.p99_ms(3.0)
    memory = _Memory()
    begun = time.perf_counter()
    sent = shipper.sync().sent
    took = time.perf_counter() - begun
    meanwhile = recording.p99_ms()
    growth = memory.end()
    recording.end()
    shipper.close()
    return Backlog(growth, meanwhile, alone, sent / took)


if __name__ == "__main__":
    print(json.dumps(asdict(_ship_and_record(Path(sys.argv[1]), sys.stdin.read()))))
