"""Made-up sessions of some weeks, as JSON lines that `import` takes; the same for the same time.

`.venv/bin/python -m installer.demo.sample_data > sample.jsonl`
"""

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAYS = 45
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """What somebody does: in which application, under which titles, for how long at a time."""

    application: str
    titles: tuple[str, ...]
    minutes: float
    weight: float


WORK = (
    Kind(
        "Code",
        (
            "sessionizer.py — reprospective — Visual Studio Code",
            "test_sync_faults.py — reprospective — Visual Studio Code",
            "harbour.sql — tides — Visual Studio Code",
            "README.md — tides — Visual Studio Code",
        ),
        *(14, 40),
    ),
    Kind("ターミナル", ("pytest — 終了コード 0", "git log --oneline", "psql tides"), *(4, 18)),
    Kind(
        "Firefox",
        (
            "PostgreSQL: Documentation: Row Security Policies — Mozilla Firefox",
            "Tide tables of the northern harbours — Mozilla Firefox",
            "Fix the clock step · Pull Request #214 · GitHub — Mozilla Firefox",
            "Harbour (disambiguation) - Wikipedia — Mozilla Firefox",
        ),
        *(5, 26),
    ),
    Kind("Slack", ("#release — team", "#harbour — team", "Mina Sato (direct message)"), *(3, 16)),
    Kind("Thunderbird", ("Inbox - Mozilla Thunderbird", "Re: Invoice 2026-114"), *(4, 10)),
    Kind("Zoom", ("Weekly review", "Stand-up"), *(22, 4)),
    Kind("LibreOffice Writer", ("週報.odt — LibreOffice Writer", "Offer tides.odt"), *(12, 6)),
    Kind("Files", ("Downloads", "tides"), *(1, 5)),
)
HOME = (
    Kind("Firefox", ("Lo-fi beats to sail to - YouTube — Mozilla Firefox",), *(18, 4)),
    Kind("Firefox", ("Seafood recipes — Mozilla Firefox", "News — Mozilla Firefox"), *(7, 5)),
    Kind("GIMP", ("beach.xcf-3.0 (RGB color)",), *(16, 2)),
)


def main() -> int:
    """Print the lines up to now."""
    for session in sessions(datetime.now().astimezone()):
        sys.stdout.write(json.dumps(session, ensure_ascii=False) + "\n")
    return 0


def sessions(now: datetime, days: int = DAYS) -> Iterator[dict[str, str]]:
    """Yield sessions of so many days up to `now`, in order of their start."""
    for back in range(days - 1, -1, -1):
        day = (now - timedelta(days=back)).date()
        yield from _day(day, now)


def _day(day: date, now: datetime) -> Iterator[dict[str, str]]:
    # A day is the same whenever it is made.
    chance = random.Random(day.toordinal())  # noqa: S311  made-up data
    weekend = day.weekday() >= SATURDAY
    if weekend and chance.random() < 0.4:  # noqa: PLR2004  a free day
        return
    kinds = HOME if weekend else WORK
    begin, hours = (10.2, 2.5) if weekend else (8.55, 9.4)
    at = _moment(day, begin + chance.uniform(-0.3, 0.3), now)
    end = at + timedelta(hours=hours + chance.uniform(-0.8, 0.8))
    lunch = _moment(day, 12.2 + chance.uniform(-0.2, 0.2), now)
    while at < min(end, now):
        if not weekend and at >= lunch:
            lunch = end
            pause = timedelta(minutes=chance.uniform(35, 60))
            yield from _session("locked", ("", ""), at, min(at + pause, now))
            at += pause
            continue
        if chance.random() < 0.03:  # noqa: PLR2004  somebody asks something
            pause = timedelta(minutes=chance.uniform(3, 16))
            yield from _session("idle", ("", ""), at, min(at + pause, now))
            at += pause
            continue
        kind = chance.choices(kinds, [each.weight for each in kinds])[0]
        for _piece in range(chance.randint(1, 3)):
            length = timedelta(minutes=max(0.3, chance.expovariate(2 / kind.minutes)))
            names = kind.application, chance.choice(kind.titles)
            yield from _session("active", names, at, min(at + length, now))
            at += length


def _session(
    state: str, names: tuple[str, str], begin: datetime, end: datetime
) -> Iterator[dict[str, str]]:
    if end > begin:
        yield {
            "state": state,
            "application_name": names[0],
            "window_title": names[1],
            "started_at": begin.isoformat(timespec="milliseconds"),
            "ended_at": end.isoformat(timespec="milliseconds"),
        }


def _moment(day: date, hour: float, now: datetime) -> datetime:
    whole = datetime.combine(day, time(), tzinfo=now.tzinfo)
    return whole + timedelta(hours=hour)


if __name__ == "__main__":
    raise SystemExit(main())
