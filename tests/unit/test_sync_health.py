"""When a person should know that sending fails."""

from reprospective_tray.sync.health import (
    FOR_LONG_S,
    REFUSALS_FOR_LONG,
    Failure,
    Health,
    failed,
    fails_for_long,
    succeeded,
    told,
)

AWAY = Failure("The server is away.", "Start it.")
REFUSED = Failure("No such role.", "Make it.", by_person=True)


def after(*failures: Failure, before: Health | None = None, begin_s: float = 0.0) -> Health:
    health = before or succeeded(1000)
    for number, failure in enumerate(failures):
        health = failed(health, failure, 2000 + number, begin_s + number)
    return health


def test_before_the_first_pass_and_after_a_success_all_is_well():
    assert not fails_for_long(Health(), 10, 1e9)
    assert not fails_for_long(succeeded(1000), 10, 1e9)


def test_a_server_that_is_away_is_nobodys_trouble_for_half_an_hour():
    health = after(AWAY, AWAY)
    assert not fails_for_long(health, 10, FOR_LONG_S - 0.1)
    assert fails_for_long(health, 10, FOR_LONG_S)


def test_an_outage_that_keeps_nothing_waiting_is_none():
    assert not fails_for_long(after(AWAY), 0, FOR_LONG_S * 10)


def test_what_a_person_has_to_mend_is_told_after_three_passes():
    assert REFUSALS_FOR_LONG == 3
    assert not fails_for_long(after(REFUSED, REFUSED), 10, 10.0)
    assert fails_for_long(after(REFUSED, REFUSED, REFUSED), 10, 10.0)


def test_only_refusals_in_a_row_count():
    assert not fails_for_long(after(REFUSED, REFUSED, AWAY, REFUSED), 10, 10.0)


def test_the_outage_begins_with_its_first_failure_and_names_its_last_one():
    health = after(AWAY, REFUSED)
    assert (health.failing_since_at, health.failing_since_s) == (2000, 0.0)
    assert (health.error, health.remedy) == ("No such role.", "Make it.")
    assert health.last_success_at == 1000


def test_success_ends_the_outage_and_another_begins_anew():
    over = succeeded(5000)
    assert (over.error, over.failing_since_at, over.last_success_at) == ("", None, 5000)
    again = after(AWAY, before=over, begin_s=FOR_LONG_S * 2)
    assert not fails_for_long(again, 10, FOR_LONG_S * 2 + 10)


def test_each_outage_is_told_once():
    health = told(after(REFUSED, REFUSED, REFUSED))
    assert after(REFUSED, AWAY, before=health).is_told
    assert not after(REFUSED, before=succeeded(9000)).is_told
