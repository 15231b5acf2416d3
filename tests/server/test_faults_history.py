"""What the fault tests trust: any recording arrives where nothing goes wrong, as the log has it."""

import pytest


@pytest.mark.parametrize("seed", range(5))
def test_any_recording_arrives_as_the_log_has_it(hub, seed):
    desk = hub.computer()
    for part in range(4):
        desk.record(40, (seed, part))
        desk.sync(batch=7)
        hub.assert_keeps(desk)
