"""What a person is told of sending."""

import pytest

from reprospective_tray.runtime.status import SYNC_OFF, sync_object
from reprospective_tray.store.outbox.sync_state import SyncState
from reprospective_tray.sync import status_messages
from reprospective_tray.sync.health import Health
from reprospective_tray.sync.status_messages import Shipping
from tests.unit.stored import at

pytestmark = pytest.mark.usefixtures("each_zone")

MINUTE = 60_000


def line(success: str | None, now: str = "2026-11-23 14:30", **more) -> str:
    when = None if success is None else at(success)
    return status_messages.line(Shipping(last_success_at=when, **more), at(now))


@pytest.mark.parametrize(
    ("success", "said"),
    [
        ("2026-11-23 14:30:00", "Synced a moment ago"),
        ("2026-11-23 14:28:01", "Synced a moment ago"),
        ("2026-11-23 14:28:00", "Synced 2 min ago"),
        ("2026-11-23 13:30:01", "Synced 59 min ago"),
        ("2026-11-23 13:30:00", "Synced 13:30"),
        ("2026-11-22 18:20:00", "Synced yesterday, 18:20"),
        ("2026-11-19 18:20:00", "Synced 2026-11-19, 18:20"),
        # The clock was set back since.
        ("2026-11-23 14:45:00", "Synced 14:45"),
        (None, "Not synced yet"),
    ],
)
def test_the_last_success_is_said_by_its_age_then_by_the_clock(success, said):
    assert line(success) == said


def test_what_the_open_session_has_added_since_a_moment_is_no_news():
    assert line("2026-11-23 14:29", waiting=3) == "Synced a moment ago"
    assert line("2026-11-23 14:05", waiting=312) == "Synced 25 min ago · 312 waiting"
    assert line(None, waiting=1) == "Not synced yet · 1 waiting"


def test_an_outage_says_since_when_and_how_much_waits():
    said = line("2026-11-22 18:20", waiting=4120, error="The server is away.")
    assert said == "Not synced since yesterday, 18:20 · 4,120 waiting"
    said = line("2026-11-23 14:30", waiting=1, error="The server is away.")
    assert said == "Not synced since 14:30 · 1 waiting"


def test_refused_rows_are_always_said():
    assert line("2026-11-23 14:30", refused=3) == "Synced a moment ago · 3 refused by the server"


def test_the_line_does_not_move_within_two_minutes_or_with_the_rows_of_a_pass():
    shipping = Shipping(last_success_at=at("2026-11-23 14:30"), waiting=5)
    begin = at("2026-11-23 14:30")
    assert len({status_messages.line(shipping, begin + s * 1000) for s in range(120)}) == 1
    lines = {
        line("2026-11-23 14:05", waiting=80_000 - sent, is_running=True, sent=sent, total=80_000)
        for sent in range(0, 80_000, 1000)
    }
    assert lines == {"Synced 25 min ago"}


@pytest.mark.parametrize("total", [1, 19, 312, 9_999, 80_000, 1_000_000, 123_456_789])
def test_the_figures_of_a_pass_move_in_few_steps(total):
    step = max(1, total // 5000)
    labels = {
        status_messages.running_label(Shipping(sent=sent, total=total))
        for sent in range(0, total + 1, step)
    }
    assert 1 <= len(labels) <= status_messages.STEPS + 1
    assert len(labels) >= min(total, 8)


def test_the_figures_of_a_pass_are_round():
    running = Shipping(sent=12_345, total=80_017)
    assert status_messages.running_label(running) == "Syncing … 10,000 of 80,000"
    assert status_messages.running_label(Shipping(sent=7, total=12)) == "Syncing … 7 of 12"
    assert status_messages.running_label(Shipping()) == "Syncing …"


def test_what_the_status_object_says_comes_back():
    success = at("2026-11-23 14:05")
    sync = sync_object(SyncState(312, 3, success, "The server is away."), success + MINUTE)
    status = {"sync": sync, "pass": {"is_shown": True, "sent": 5, "total": 10}}
    assert status_messages.from_status(status) == Shipping(
        312, 3, success, "The server is away.", is_running=True, sent=5, total=10
    )
    assert status_messages.from_status({"sync": sync}) == Shipping(
        312, 3, success, "The server is away."
    )


@pytest.mark.parametrize("status", [{}, {"sync": None}, {"sync": dict(SYNC_OFF)}])
def test_where_sending_is_off_nothing_is_said_of_it(status):
    assert status_messages.from_status(status) is None


def test_the_problem_says_what_where_and_what_to_do():
    health = Health(error='FATAL: no role "anna"', remedy="Check the user.")
    since, now = at("2026-11-23 14:10"), at("2026-11-23 14:30")
    assert status_messages.problem(health, 1204, since, now) == (
        "1,204 sessions have been waiting for the server since 14:10. "
        'FATAL: no role "anna". Check the user.'
    )


@pytest.mark.parametrize("error", ["It is away", "It is away.", "応答がありません。"])
def test_what_failed_ends_with_one_full_stop_in_any_language(error):
    assert status_messages.failure(error, "Wait.") in {
        "It is away. Wait.",
        "応答がありません。 Wait.",
    }


def test_retention_is_said_in_days():
    assert status_messages.retention(7).startswith(
        "Sessions older than 7 days are removed from this"
    )
    assert status_messages.retention(1).startswith(
        "Sessions older than 1 day are removed from this"
    )
    assert "set database.sync.retention_days to null" in status_messages.retention(7)
