"""Time sheets for tests: sessions, entries and what is made of them."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from reprospective_tray.config.keys import CategoryRule, CategorySettings
from reprospective_tray.store.model.entries import Entry
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.timesheet.rounding import Rounding
from reprospective_tray.summary.timesheet.sheet import GROUPS, Rate, TimeSheet, build
from tests.unit.stored import OFFSETS, START, at, session, stored, up_to

MINUTE = 60_000
MONDAY = DayRange(date(2026, 11, 23), date(2026, 11, 23))
TWO_DAYS = DayRange(date(2026, 11, 23), date(2026, 11, 24))
EURO = Rate(Decimal(80), "EUR")
CATEGORIES = Categories(
    CategorySettings(
        built_in=False,
        rules=(
            CategoryRule(category="Customers > Harbour", title="harbour"),
            CategoryRule(category="Work > Coding", application="Code"),
            CategoryRule(category="Leisure", application="Player", productive=False),
        ),
    )
)


def entry(start: str, end: str, category: str = "Customers > Harbour", note: str = "", **more):
    """Return an entry from `start` to `end`: times of 23 November 2026 in Tokyo, or whole ones."""
    begin, stop = (
        at(text if "T" in text else f"2026-11-23T{text}:00+09:00") for text in (start, end)
    )
    return Entry(more.pop("uid", None) or new_uid(begin), begin, stop, 540, category, note, **more)


def work(start: str, end: str, name: str = "Code", title: str = "a.py", **more):
    """Return a session in the same way; `host` may be given."""
    begin, stop = (text if "T" in text else f"2026-11-23T{text}:00+09:00" for text in (start, end))
    host = more.pop("host", "desk")
    return stored(session(begin, stop, name, title, **more), host)


def monday_and_tuesday(**more) -> TimeSheet:
    """Return the sheet of the picture that shows what is meant, with something of each kind."""
    tuesday = "2026-11-24T{}:00+09:00".format
    return build(
        TWO_DAYS,
        [
            work("09:00", "11:12", title="harbour.sql"),
            work("11:12", "11:20", "Files"),
            work("13:00", "13:30", "Player"),
            work(tuesday("09:00"), tuesday("10:56"), title="harbour, invoice"),
            work(tuesday("11:00"), tuesday("11:06"), "Files"),
        ],
        [entry(tuesday("12:10"), tuesday("12:55"), note="Meeting with the harbour office")],
        CATEGORIES,
        **{
            "rounding": Rounding(15, up=True, per="day"),
            "rate": EURO,
            "closed_days": ("2026-11-23", "2026-11-24"),
            **more,
        },
    )


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Some entries around the days of `timelines`, which may overlap, by several clocks."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        start = START + draw(st.integers(-600, 5000)) * MINUTE + draw(st.integers(0, 999))
        found.append(
            Entry(
                f"uid {number}",  # of a real one, the end is chance
                start,
                start + 1 + draw(up_to(30)),
                draw(st.sampled_from(OFFSETS)),
                draw(st.sampled_from(["Work > Coding", "Customers>Harbour", "Other"])),
                draw(st.sampled_from(["", "a note"])),
                draw(st.booleans()),
            )
        )
    return found


roundings = st.builds(
    Rounding,
    st.sampled_from([6, 15, 30]),
    up=st.booleans(),
    per=st.sampled_from(["entry", "day", "category"]),
)
groups = st.sampled_from(GROUPS)
