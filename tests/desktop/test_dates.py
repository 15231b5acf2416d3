"""`today` and `yesterday` as the real commands take them, on a clock far from midnight."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.desktop.command_line import Command, Done, assert_good, command_of
from tests.desktop.sessions import write_sessions
from tests.support import User

# It is about noon there, so that no midnight comes while a test runs.
NOON = 12 - datetime.now(UTC).hour
ZONE = timezone(timedelta(hours=NOON))
TODAY = datetime.now(ZONE).replace(minute=0, second=0, microsecond=0)


def at(days: int, hour: int) -> datetime:
    """Return an hour of the day that is `days` from today, on that clock."""
    return TODAY.replace(hour=hour) + timedelta(days=days)


@pytest.fixture
def command(user: User) -> Command:
    """Commands at noon, with an hour at 22:00 and one over midnight on each of three days."""
    run = command_of(user)

    def at_noon(*words: str) -> Done:
        return run(*words, TZ=f"NOON{-NOON:+d}")

    starts = [at(day, hour) for day in (-3, -2, -1) for hour in (2, 22)]
    write_sessions(user, at_noon, *starts, at(-1, 23) + timedelta(minutes=45), minutes=30)
    return at_noon


def report(command: Command, *words: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(assert_good(command("report", *words, "--format=json")))
    return {key: found[key] for key in ("from", "to", "active_seconds")}


def exported(command: Command, *words: str) -> list[str]:
    lines = assert_good(command("export", *words)).splitlines()
    return [json.loads(line)["window_title"][-1] for line in lines]


def test_report_takes_them_as_days_that_are_inclusive(command: Command) -> None:
    names = {n: f"{at(n, 12):%Y-%m-%d}" for n in (-2, -1, 0)}
    assert report(command, "--date", "yesterday") == {
        "from": names[-1],
        "to": names[-1],
        "active_seconds": 75 * 60,
    }
    assert report(command, "--date", "today") == report(command, "--date", names[0])
    assert report(command, "--from", "yesterday") == {
        "from": names[-1],
        "to": names[0],
        "active_seconds": 90 * 60,
    }
    assert report(command, "--from", names[-2], "--to", "Yesterday")["active_seconds"] == 135 * 60


def test_export_takes_them_as_the_midnights_at_which_they_begin(command: Command) -> None:
    midnights = [f"{at(n, 12):%Y-%m-%d}" for n in (-1, 0)]
    yesterday = exported(command, "--from", "yesterday", "--to", "today")
    assert yesterday == ["4", "5", "6"]
    assert yesterday == exported(command, "--from", midnights[0], "--to", midnights[1])
    assert exported(command, "--from", "today") == ["6"]
    assert exported(command, "--to", "yesterday") == ["0", "1", "2", "3"]


def test_forget_takes_exactly_the_day(command: Command) -> None:
    words = ("forget", "--from", "yesterday", "--to", "today")
    said = assert_good(command(*words, "--dry-run"))
    begin, end = f"{at(-1, 12):%Y-%m-%d}", f"{at(0, 12):%Y-%m-%d}"
    assert said.startswith(f"From {begin} 00:00:00 to {end} 00:00:00: 3 sessions, 1 h 15 m in all.")
    assert "3 sessions deleted, 1 h 15 m" in assert_good(command(*words, "--yes"))
    assert report(command, "--date", "yesterday")["active_seconds"] == 0
    assert report(command, "--date", "today")["active_seconds"] == 15 * 60
    assert report(command, "--from", f"{at(-3, 12):%Y-%m-%d}")["active_seconds"] == 135 * 60


def test_the_help_of_each_names_both(command: Command) -> None:
    for word in ("report", "export", "forget"):
        said = assert_good(command(word, "--help"))
        assert "today" in said
        assert "yesterday" in said
