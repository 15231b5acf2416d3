"""The server stops in the middle of passes and starts again: nothing is lost or doubled."""

import threading
from pathlib import Path

import pytest

from reprospective_tray.errors import ReprospectiveError, ServerUnreachableError
from tests.server.faults_computer import Computer
from tests.server.faults_hub import hub_on
from tests.server.faults_recorder import Recorder
from tests.server.servers import DURABLE, new_server
from tests.support import PATIENCE_S, wait_until


class Shipping:
    """Passes without a pause, in a thread of its own."""

    def __init__(self, desk: Computer, recorder: Recorder) -> None:
        self.passes = 0
        self.errors: list[ReprospectiveError] = []
        self._manager = desk.manager(recorder, batch=3, deadline_s=5)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self._manager.run(threading.Event())
            except ReprospectiveError as error:
                self.errors.append(error)
                self._ends.wait(0.05)
            else:
                self.passes += 1
        self._manager.close()

    def end(self) -> None:
        self._ends.set()
        self._thread.join()


@pytest.mark.parametrize("how", ["fast", "immediate", "SIGKILL"])
@pytest.mark.long
def test_a_server_that_stops_amid_passes_gets_everything_once_it_runs_again(
    tmp_path: Path, how: str
) -> None:
    with new_server(settings=DURABLE) as server, hub_on(server, tmp_path) as hub:
        desk = hub.computer()
        with desk.recording(how) as recorder:
            shipping = Shipping(desk, recorder)
            try:
                for _time in range(2):
                    before = shipping.passes
                    for seen in range(before, before + 5):
                        # No more than that: a pass that finds new rows for ever never ends.
                        recorder.some(5)
                        wait_until(
                            lambda seen=seen: shipping.passes > seen, PATIENCE_S, "the next pass"
                        )
                        recorder.some(1)
                    failed = len(shipping.errors)
                    server.kill() if how == "SIGKILL" else server.stop(how)
                    recorder.some(20)
                    wait_until(lambda seen=failed: len(shipping.errors) > seen, 10, "an error")
                    server.start()
            finally:
                shipping.end()
            assert {type(error) for error in shipping.errors} == {ServerUnreachableError}
            desk.sync(recorder)
        desk.sync()
        hub.assert_keeps(desk)
