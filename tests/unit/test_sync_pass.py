"""A pass: which batches it makes, in which order, and what it writes down of each answer.

The server is a value here, an answer to each batch; `tests/server` has the same with a real one.

How it can fail: a row is marked that was not taken; one bad row holds up the others; the pair is
another when a batch is sent again; a forked file goes on under its name; it never ends.
"""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reprospective_tray.errors import ServerDataError, ServerRefusedError, ServerUnreachableError
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.sqlite.adapter import SqliteAdapter
from reprospective_tray.store.sqlite.meta import FileMeta, MetaKey
from reprospective_tray.sync.answer import BatchAnswer, PairVerdict, RefusedRow
from reprospective_tray.sync.pass_result import Passed, PassProgress
from reprospective_tray.sync.sync_pass import SyncPass
from reprospective_tray.sync.uploader import SentBatch
from tests.unit.recording import session, store

CLOCK = 1_800_000_000_000
Answer = Callable[[SentBatch], BatchAnswer]


def fits(_batch: SentBatch) -> BatchAnswer:
    return BatchAnswer(1, CLOCK, PairVerdict.FITS)


class Script:
    """Answers each batch in turn, the last way for ever; keeps what was sent."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.sent: list[SentBatch] = []

    def send(self, batch: SentBatch) -> BatchAnswer:
        self.sent.append(batch)
        return (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])(batch)

    def titles(self) -> list[list[str]]:
        return [[row["window_title"] for row in json.loads(batch.rows)] for batch in self.sent]


class Device:
    """Counts what is asked of whoever changes which device the file is."""

    def __init__(self) -> None:
        self.changes = 0

    def become_another_device(self) -> None:
        self.changes += 1

    def leave_open_session(self) -> None:
        raise AssertionError


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[SqliteAdapter]:
    """A file with five sessions, which are called 0 to 4."""
    with store(tmp_path / "data" / "local.db") as (adapter, writer):
        writer.apply(
            [Put(session(n * 1000, n * 1000 + 900, window_title=str(n))) for n in range(5)]
        )
        yield adapter


def send(adapter: SqliteAdapter, script: Script, size: int = 2) -> Passed:
    return SyncPass(adapter, script, size, Device()).run(threading.Event(), lambda _progress: None)


def synced(adapter: SqliteAdapter) -> str:
    rows = adapter.models.Session.select().order_by(adapter.models.Session.id)
    return "".join(row.window_title for row in rows if row.synced)


def test_rows_go_in_order_in_full_batches_and_are_marked_by_the_servers_clock(adapter):
    script, told = Script(fits), []
    done = SyncPass(adapter, script, 2, Device()).run(threading.Event(), told.append)
    assert script.titles() == [["0", "1"], ["2", "3"], ["4"]]
    assert told == [PassProgress(2, 5), PassProgress(4, 5), PassProgress(5, 5)]
    assert (done.sent, done.refused, done.fitted, done.clock) == (5, 0, True, CLOCK)
    assert {row.synced_at for row in adapter.models.Session.select()} == {CLOCK}


def test_where_nothing_waits_one_empty_batch_asks_whether_it_is_the_same_server(adapter):
    send(adapter, Script(fits))
    script = Script(fits)
    send(adapter, script)
    assert script.titles() == [[]]


def test_a_refused_row_is_set_aside_and_the_others_are_taken(adapter):
    def refuse_second(_batch: SentBatch) -> BatchAnswer:
        return BatchAnswer(1, CLOCK, PairVerdict.FITS, refused=[RefusedRow(1, "no")])

    done = send(adapter, Script(refuse_second, fits))
    assert (synced(adapter), done.sent, done.refused) == ("0234", 4, 1)
    script = Script(fits)
    send(adapter, script)
    assert script.titles() == [[]]  # it does not wait


def test_a_batch_that_the_call_fails_on_is_halved_down_to_the_row(adapter):
    def digest(batch: SentBatch) -> BatchAnswer:
        if '"window_title":"3"' in batch.rows:
            raise ServerDataError("it chokes on 3")
        return fits(batch)

    done = send(adapter, Script(digest), size=5)
    assert (synced(adapter), done.sent, done.refused) == ("0124", 4, 1)


def test_a_batch_that_was_not_answered_goes_again_with_the_pair_that_was_written_down(adapter):
    def gone(_batch: SentBatch) -> BatchAnswer:
        raise ServerUnreachableError("gone")

    first, second = Script(gone), Script(fits)
    with pytest.raises(ServerUnreachableError):
        send(adapter, first)
    assert synced(adapter) == ""
    send(adapter, second)
    assert second.sent[0].pair == first.sent[0].pair
    assert second.sent[1].pair.counter == first.sent[0].pair.counter + 1
    assert second.sent[1].acknowledged == first.sent[0].pair
    assert FileMeta(adapter).get(MetaKey.PENDING) is None


def test_an_older_server_gets_everything_once_more(adapter):
    send(adapter, Script(fits), size=5)

    def restored(_batch: SentBatch) -> BatchAnswer:
        return BatchAnswer(1, CLOCK, PairVerdict.RESTORED)

    script = Script(restored, fits)
    done = send(adapter, script, size=5)
    assert script.titles() == [[], list("01234")]
    assert not done.fitted


def test_a_fork_changes_the_device_once_and_marks_nothing(adapter):
    def fork(_batch: SentBatch) -> BatchAnswer:
        return BatchAnswer(1, CLOCK, PairVerdict.FORK)

    device, stopped = Device(), Script(fork)
    with pytest.raises(ServerRefusedError, match="only just created"):
        SyncPass(adapter, stopped, 5, device).run(threading.Event(), lambda _progress: None)
    assert (device.changes, len(stopped.sent), synced(adapter)) == (1, 2, "")


def test_a_wish_to_stop_ends_it_between_two_batches(adapter):
    stop, script = threading.Event(), Script(fits)
    done = SyncPass(adapter, script, 2, Device()).run(stop, lambda _progress: stop.set())
    assert script.titles() == [["0", "1"]]
    assert not done.is_whole


def test_rows_that_change_meanwhile_are_sent_in_the_same_pass_but_not_for_ever(adapter):
    def touched(batch: SentBatch) -> BatchAnswer:
        table = adapter.models.Session
        table.update(revision=table.revision + 1, synced=0).where(table.id == 1).execute()
        return fits(batch)

    script = Script(touched)
    send(adapter, script, size=5)
    assert script.titles()[:2] == [list("01234"), ["0"]]
    assert 2 <= len(script.sent) <= 6
