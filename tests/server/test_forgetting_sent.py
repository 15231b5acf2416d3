"""What was chosen and forgotten here is forgotten on the server with the next pass."""

from reprospective_tray.store.forget.erase import ChosenSessions, forget
from tests.server.shipper import SESSIONS
from tests.unit.recording import assert_days_add_up, session

TEXTS = f"""SELECT uid::text, deleted::integer, application_name, window_title
    FROM reprospective.{SESSIONS} ORDER BY started_at"""  # noqa: S608  own words


def test_sessions_that_were_sent_and_that_wait_go_there_as_tombstones(shipper, central):
    sent, stays, waiting = (session(n * 10, n * 10 + 10, f"app {n}") for n in range(3))
    shipper.record(sent, stays)
    shipper.sync()
    shipper.record(waiting)
    with shipper.opened() as adapter:
        assert forget(adapter, ChosenSessions([sent.uid, waiting.uid])).sessions == 2
    shipper.sync()
    assert central.database.rows(TEXTS) == [
        (sent.uid, 1, "", ""),
        (stays.uid, 0, "app 1", "title"),
        (waiting.uid, 1, "", ""),
    ]
    assert shipper.rows("synced, deleted") == [(1, 1), (1, 0), (1, 1)]
    assert_days_add_up(shipper.path)
