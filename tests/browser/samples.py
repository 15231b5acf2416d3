"""Reports as a person would have them, made by the program's own ways from sessions."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import NamedTuple

from reprospective_tray.config.keys import CategorySettings
from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import (
    MINUTE_MS,
    Session,
    State,
    clean,
)
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.query.raw_queries import StoredSession
from reprospective_tray.summary.figures import report as reports
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.comparison import month_of, week_of
from reprospective_tray.summary.figures.report import Report
from tests.unit.stored import fresh_adapter, row, session

DAY = date(2026, 11, 23)
CATEGORIES = Categories(CategorySettings())
_TOKYO = timezone(timedelta(hours=9))
_EVENING = datetime(2026, 11, 23, 18, 24, tzinfo=_TOKYO)
_LATER = datetime(2026, 12, 1, 9, tzinfo=_TOKYO)
_WINDOWS = (
    ("Code", "sessionizer.py — reprospective", 9),
    ("Code", "test_sync_faults.py — reprospective", 6),
    ("Code", "DESIGN.md — reprospective", 2),
    ("Firefox", "PostgreSQL: Documentation: 18: INSERT — Mozilla Firefox", 4),
    ("Firefox", "Fix the clock · Pull Request #7 · GitHub — Mozilla Firefox", 3),
    ("Firefox", "Lo-fi beats to test to - YouTube — Mozilla Firefox", 1),
    ("Slack", "#release — team", 3),
    ("ターミナル", "pytest — 終了コード 0", 4),
    ("LibreOffice Writer", "Weekly report.odt", 2),
    ("Zoom", "Weekly review", 2),
    ("Files", "Downloads", 1),
)
# What a page or a table could stumble over.
HOSTILE = (
    "<script>document.title='owned'</script>",
    "</style><h1>owned</h1>",
    '"><img src=x onerror=alert(1)> & &amp; &#60;',
    "=cmd|' /C calc'!A0",
    "line one\nline two\r\n# three",
    "\u202eright to left override\u2066 and isolate",
    "مرحبا بالعالم — ملف طويل جدا يحتاج إلى مساحة أكبر من المتاح هنا",
    "| pipe | `code` **bold** _it_ [link](x) <b>",
    "W" * 256,
    "とても長い題名" * 30,
    clean("lone \ud800 surrogate and \0 NUL"),
    "",
)


class Sample(NamedTuple):
    """A report, and the sessions of its day where it is one."""

    report: Report
    sessions: list[StoredSession]


@cache
def sample(name: str) -> Sample:
    """Return day, computers, week, month, year, empty, hostile, or away (idle time alone)."""
    days = {"week": week_of(DAY), "month": month_of(DAY)}.get(name, DayRange(DAY, DAY))
    hosts = {"desk": _work(days, 7)}
    if name == "year":
        days = DayRange(date(2025, 12, 1), date(2026, 11, 30))
        hosts = {"desk": _work(days, 7)}
    elif name == "computers":
        hosts["laptop"] = _work(days, 8)
    elif name == "hostile":
        hosts = {"<b>desk</b>": _hostile()}
    elif name in {"empty", "away"}:
        start, end = "2026-11-23T09:00:00+09:00", "2026-11-23T09:20:00+09:00"
        hosts = {"desk": iter([session(start, end, state=State.IDLE)] * (name == "away"))}
    else:
        hosts["desk"] = _work(DayRange(days.first - timedelta(days=31), days.last), 7)
    return _sample(days, hosts)


def _sample(days: DayRange, hosts: dict[str, Iterator[Session]]) -> Sample:
    with fresh_adapter() as adapter:
        writer = make_row_writer(adapter)
        for host, made in hosts.items():
            rows = [row(each, f"of {host}", host) for each in made]
            for number in range(0, len(rows), 1000):
                writer.write(rows[number : number + 1000])
        queries = Queries(adapter)
        found = reports.build(
            queries, days, categories=CATEGORIES, now=_LATER if days.count > 1 else _EVENING
        )
        sessions = queries.sessions(days) if days.count == 1 else []
        return Sample(found, sessions)


def _work(days: DayRange, seed: int) -> Iterator[Session]:
    """Yield what is done from the morning to the evening of the days, a little on weekends."""
    chance = random.Random(seed)  # noqa: S311  the same days each time
    for number in range(days.count):
        day = days.first + timedelta(days=number)
        if day.weekday() >= 5 and chance.random() < 0.7:
            continue
        moment = days.begin + number * 86_400_000 + (8 * 60 + chance.randrange(20, 60)) * MINUTE_MS
        evening = days.begin + number * 86_400_000 + (18 * 60 + chance.randrange(90)) * MINUTE_MS
        evening -= 6 * 3_600_000 * (day.weekday() >= 5)
        lunch = moment + round(chance.uniform(3.4, 4) * 3_600_000)
        while moment < evening:
            if lunch and moment >= lunch:
                end, lunch = moment + chance.randrange(30, 60) * MINUTE_MS, 0
                yield _session(moment, min(end, evening), State.LOCKED, "", "")
            else:
                name, title, weight = chance.choices(_WINDOWS, [w[2] for w in _WINDOWS])[0]
                end = moment + round(chance.expovariate(1 / (weight * 70_000)))
                yield _session(moment, min(end, evening), State.ACTIVE, name, title)
                if chance.random() < 0.03:
                    moment, end = end, end + chance.randrange(3, 12) * MINUTE_MS
                    yield _session(moment, max(moment, min(end, evening)), State.IDLE, "", "")
            moment = end + (chance.randrange(5, 25) * MINUTE_MS if chance.random() < 0.01 else 0)


def _hostile() -> Iterator[Session]:
    begin = DayRange(DAY, DAY).begin + 9 * 3_600_000
    for number, name in enumerate(HOSTILE):
        for part, title in enumerate((name, HOSTILE[number - 1])):
            start = begin + (number * 20 + part * 10) * MINUTE_MS
            yield _session(start, start + 10 * MINUTE_MS, State.ACTIVE, name, title)


def _session(start: int, end: int, state: State, name: str, title: str) -> Session:
    """Return a session of Tokyo's wall time in ms."""
    wall = [datetime.fromtimestamp(ms / 1000, UTC).replace(tzinfo=_TOKYO) for ms in (start, end)]
    return session(*(each.isoformat() for each in wall), name, title, state=state)
