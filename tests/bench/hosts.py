"""How many computers one server takes: each sends its minute over a connection that it keeps."""

import itertools
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.server.pgbouncer import pooler
from tests.server.servers import Database, Person

HOSTS = 200
ROWS = 60
SENDERS = 8
# Each connection plans its statements first: kept ones have done so long ago.
WARM_UP = 6
T0 = 1_795_000_000_000
CALL = "SELECT reprospective.ingest(%s::json)::text"


class _Host:
    """One computer: what it sends, ready to go, since the server is what is measured."""

    def __init__(self, place: Database, sender: Person) -> None:
        self._connection = place.connect(sender.name, sender.password)
        self._cursor = self._connection.cursor()
        self._device_id = str(uuid.uuid4())
        self._batches = self._made()
        self._next = ""

    def prepare(self) -> None:
        self._next = next(self._batches)

    def send(self) -> None:
        self._cursor.execute(CALL, (self._next,))
        answer = json.loads(self._cursor.fetchone()[0])
        assert answer["verdict"] == "fits", answer

    def close(self) -> None:
        self._cursor.close()
        self._connection.close()

    def _made(self) -> Iterator[str]:
        acknowledged = None
        for number in itertools.count(1):
            pair = {"counter": number, "token": uuid.uuid4().hex}
            rows = [self._row(number * ROWS + each) for each in range(ROWS)]
            batch = {"schema": 1, "device_id": self._device_id, "pair": pair, "rows": rows}
            yield json.dumps(batch | {"acknowledged": acknowledged})
            acknowledged = pair

    def _row(self, number: int) -> dict[str, Any]:
        return {
            "uid": str(uuid.uuid4()),
            "device_id": self._device_id,
            "source_host": "bench",
            "original_id": number,
            "state": "active",
            "application_name": f"Application {number % 40}",
            "window_title": f"document {number % 5000} - a title of a usual length",
            "process_id": 4711,
            "started_at": T0 + number * 1000,
            "ended_at": T0 + number * 1000 + 1000,
            "utc_offset_minutes": 60,
            "open": 0,
            "deleted": 0,
            "revision": 1,
        }


def syncs_a_second(place: Database, sender: Person, rounds: int = 5) -> float:
    """Return how many batches of 60 rows of 200 hosts the server takes in a second."""
    hosts = [_Host(place, sender) for _number in range(HOSTS)]
    total = 0.0
    for number in range(WARM_UP + rounds):
        for host in hosts:
            host.prepare()
        took = _all_send(hosts)
        if number >= WARM_UP:
            total += took
    for host in hosts:
        host.close()
    return HOSTS * rounds / total


def pooled(database: Database, sender: Person) -> float:
    """Return the same through a pgbouncer in transaction pooling."""
    with pooler(database.server, pool_size=20) as pool:
        return syncs_a_second(database.at(pool), sender)


def _all_send(hosts: list[_Host]) -> float:
    """Let every host send once; return the seconds that takes."""
    with ThreadPoolExecutor(SENDERS) as senders:
        begun = time.perf_counter()
        for sent in [senders.submit(host.send) for host in hosts]:
            sent.result()
        return time.perf_counter() - begun
