"""What the window shows of a day, a week and a month, by values."""

from datetime import date, datetime, timedelta

import pytest

from reprospective_tray.config.keys import CategoryRule, CategorySettings
from reprospective_tray.store.backends import make_row_writer
from reprospective_tray.store.model.ids import derived_device_id
from reprospective_tray.store.model.ranges import DayRange
from reprospective_tray.store.model.sessions import Put
from reprospective_tray.store.query.queries import Queries
from reprospective_tray.store.recording.session_writer import SessionWriter
from reprospective_tray.summary import sentences
from reprospective_tray.summary.figures import report as reports
from reprospective_tray.summary.figures.categories import Categories
from reprospective_tray.summary.figures.filtered import narrowed
from reprospective_tray.summary.figures.report import Origin
from reprospective_tray.summary.figures.search import Search
from reprospective_tray.summary.footer_words import FooterWords
from reprospective_tray.summary.status_text import recording_line
from reprospective_tray.summary.view_model import View, heat_rows, period_view
from reprospective_tray.summary.window.loading.running_messages import (
    NOT_KNOWN,
    empty_sentence,
    footer,
    status_line,
)
from tests.unit.report_values import a_report
from tests.unit.stored import fresh_adapter, row, session, stored
from tests.unit.test_report import DAY, ONE_DAY, SESSIONS

RULES = Categories(
    CategorySettings(
        built_in=False,
        rules=(
            CategoryRule(
                category="Work > Coding", application="code", colour="#0000ff", productive=True
            ),
            CategoryRule(category="Fun", title="game", colour="#ff0000", productive=False),
        ),
    )
)
AFTER = datetime(2026, 5, 1, 12).astimezone()


def seen(*sessions, days=ONE_DAY, search="", newest=100, now=AFTER, others=()):
    """Return the view of some sessions, which a real database has kept and answered."""
    with fresh_adapter() as adapter:
        SessionWriter(adapter, "desk").apply([Put(each) for each in sessions])
        elsewhere = derived_device_id("laptop")
        make_row_writer(adapter).write([row(each, elsewhere, "laptop") for each in others])
        queries = Queries(adapter)
        report = reports.build(queries, days, categories=RULES, now=now)
        sessions = queries.sessions(days)
        found, of_found = narrowed(report, sessions, Search(search), RULES)
        return period_view(found, of_found, RULES, newest=newest, is_here=True, among=sessions)


def cards(view):
    return {card.label: (card.figure, f"{card.mark} {card.note}".strip()) for card in view.cards}


def test_a_day_has_its_figures_bars_and_the_newest_session_first():
    view = seen(*SESSIONS)
    assert cards(view) == {
        "Active": ("1 h 50 m", ""),
        "Idle time": ("10 m", "locked 2 m 00 s"),
        "Start \N{EN DASH} end": ("09:00 \N{EN DASH} 10:50", ""),
        "Longest stretch": ("1 h 30 m", "Code, 09:00"),
        "Switches": ("2", "1 per hour"),
    }
    assert [(bar.name, bar.time, bar.share, bar.colour) for bar in view.bars] == [
        ("Code", "1 h 35 m", 1.0, "#0000ff"),
        ("ターミナル", "15 m", 900 / 5700, "#9aa3b2"),
    ]
    assert [(each.title, each.time) for each in view.bars[0].titles] == [
        *(("a.py", "1 h 30 m"), ("b.py", "5 m")),
    ]
    assert [line.name for line in view.sessions] == ["Locked", "Idle", "Code", "ターミナル", "Code"]
    assert view.sessions[2].when == "10:45\N{EN DASH}10:50"
    assert all(line.uid for line in view.sessions)
    assert view.sessions_note == ""
    assert [(entry.label, entry.time) for entry in view.legend] == [
        *(("Coding", "1 h 35 m"), ("Other", "15 m")),
    ]
    assert view.productive == "1 h 35 m productive (86 %)"
    assert view.strip is not None
    assert len(view.strip.blocks) == 5
    assert (view.day_bars, view.heat) == ((), ())


def test_a_session_over_midnight_is_shown_up_to_the_end_of_its_day():
    view = seen(session("2026-03-30T23:00:00Z", "2026-03-31T02:00:00Z"))
    (line,) = view.sessions
    assert (line.when, line.time) == ("23:00\N{EN DASH}24:00", "1 h 00 m")


def test_a_list_that_was_cut_says_so_and_keeps_the_newest():
    view = seen(*SESSIONS, newest=2)
    assert view.sessions_note == "the newest 2"
    assert [line.name for line in view.sessions] == ["Locked", "Idle"]


def test_a_week_has_a_bar_for_each_day_stacked_by_category_and_its_hours():
    days = View.WEEK.around(DAY)  # from Monday the 30th on
    view = seen(
        *SESSIONS,
        session("2026-04-01T20:00:00+09:00", "2026-04-01T21:00:00+09:00", "Fun", "a game"),
        days=days,
    )
    assert view.strip is None
    assert [(bar.label, bar.time) for bar in view.day_bars] == [
        *(("Mon 30", "1 h 50 m"), ("Tue 31", ""), ("Wed 1", "1 h 00 m"), ("Thu 2", "")),
        *(("Fri 3", ""), ("Sat 4", ""), ("Sun 5", "")),
    ]
    assert view.day_bars[0].parts == ((5700 / 6600, "#0000ff"), (900 / 6600, "#9aa3b2"))
    assert view.day_bars[2].parts == ((3600 / 6600, "#ff0000"),)
    assert [heat.label for heat in view.heat] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert view.heat[0].times[9:11] == ("1 h 00 m", "50 m")
    assert view.heat[2].shares[20] == 1.0
    shown = cards(view)
    assert shown["Daily average"] == ("1 h 25 m", "over 2 days")
    assert shown["Longest stretch"] == ("1 h 30 m", "Code, Mon 09:00")
    assert view.sessions[0].when == "Wed 1 20:00\N{EN DASH}21:00"
    assert view.productive == "1 h 35 m productive (56 %)"


def test_months_name_their_days_by_number():
    view = seen(*SESSIONS, days=View.MONTH.around(DAY))
    assert [bar.label for bar in view.day_bars] == [str(day) for day in range(1, 32)]


def test_a_search_finds_by_all_words_in_any_case_and_adds_up():
    view = seen(*SESSIONS, search="CODE b")
    assert [(bar.name, bar.time) for bar in view.bars] == [("Code", "5 m 00 s")]
    assert [line.title for line in view.sessions] == ["b.py"]
    assert view.matching == "5 m 00 s found"
    assert [view.strip.looks[block.look].is_found for block in view.strip.blocks] == [
        *(False, False, True, False, False)
    ]
    assert cards(view) == {
        "Active \N{MIDDLE DOT} filtered": ("5 m 00 s", "of 1 h 50 m"),
        "Start \N{EN DASH} end": ("10:45 \N{EN DASH} 10:50", ""),
        "Longest stretch": ("5 m 00 s", "Code, 10:45"),
        "Switches": ("0", "0 per hour"),
    }
    assert [(entry.label, entry.time) for entry in view.legend] == [("Coding", "5 m 00 s")]
    assert seen(*SESSIONS, search="終了").bars[0].name == "ターミナル"
    assert seen(*SESSIONS, search="nothing like it").sessions.widest() == []


def test_several_computers_are_counted_and_have_lanes():
    view = seen(
        *SESSIONS, others=[session("2026-03-30T09:30:00+09:00", "2026-03-30T10:00:00+09:00")]
    )
    assert cards(view)["Start \N{EN DASH} end"][1] == "2 computers"
    assert view.strip.lanes == ("desk", "laptop")
    assert cards(view)["Active"][0] == "2 h 20 m"


def test_what_lies_elsewhere_cannot_be_deleted_here():
    report = reports.Report(
        *(ONE_DAY, "local", (), (), reports.StateTotals(0, 0, 0), (), (), (), (), (), None, None),
        Origin(),
    )
    sessions = [stored(SESSIONS[0]), stored(SESSIONS[1], elsewhere=True)]
    here = period_view(report, sessions, RULES, newest=10, is_here=True)
    assert [bool(line.uid) for line in here.sessions] == [False, True]
    there = period_view(report, sessions, RULES, newest=10)
    assert not any(line.uid for line in there.sessions)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(90, "\N{BLACK UP-POINTING TRIANGLE} 20 m vs previous Monday"), (110, ""),
     (115, "\N{BLACK DOWN-POINTING TRIANGLE} 5 m vs previous Monday")],
)  # fmt: skip
def test_a_day_is_compared_with_its_weekday_before(minutes, said):
    begin = datetime.fromisoformat("2026-03-23T09:00:00+09:00")
    before = session(begin.isoformat(), (begin + timedelta(minutes=minutes)).isoformat())
    assert cards(seen(before, *SESSIONS))["Active"] == ("1 h 50 m", said)


def test_today_is_compared_with_what_there_was_by_this_time():
    before = session("2026-03-23T09:00:00+09:00", "2026-03-23T20:00:00+09:00")
    now = datetime.fromisoformat("2026-03-30T10:30:00+09:00")
    said = cards(seen(before, *SESSIONS, now=now))["Active"][1]
    assert said == "\N{BLACK UP-POINTING TRIANGLE} 20 m vs last Monday at this time"


def test_a_month_is_compared_with_the_one_before():
    before = session("2026-02-10T09:00:00+09:00", "2026-02-10T10:00:00+09:00")
    view = seen(before, *SESSIONS, days=View.MONTH.around(DAY))
    assert cards(view)["Active"][1] == "\N{BLACK UP-POINTING TRIANGLE} 50 m vs February"


def test_without_hours_there_is_no_heat_map():
    assert list(heat_rows(a_report(hours=None))) == []


def test_where_titles_come_from_is_said_where_that_is_not_here():
    assert sentences.origin_note(Origin()) == ""
    assert "come from the server" in sentences.origin_note(Origin(server_days=("2026-03-30",)))
    absent = sentences.origin_note(Origin(absent_days=("a", "b"), problem="it is away."))
    assert absent == "Titles and hours of 2 days are only on the server: it is away."


def test_what_the_program_does_is_said_in_a_line():
    assert status_line({"paused": False}) == "Recording"
    assert status_line(None).startswith("Not recording")
    assert status_line(NOT_KNOWN) == ""
    assert status_line({"paused": True, "paused_until": None}) == "Paused until you resume"
    until = status_line({"paused": True, "paused_until": "2020-01-01T12:00:00.000Z"})
    assert until.startswith("Paused until 20")


BLIND = {
    "running": True,
    "paused": False,
    "recording": False,
    "problem": "There is no display.",
    "pid": 7,
}


def test_what_records_nothing_is_said_to_with_its_reason():
    today = date(2026, 4, 6)
    day = DayRange(today, today)
    assert status_line(BLIND) == "Not recording: There is no display."
    assert footer(BLIND) == FooterWords(state="Not recording: There is no display.")
    assert empty_sentence(BLIND, day, today) == "Not recording: There is no display."
    assert recording_line(BLIND) == "Not recording (process 7)."
    starting = BLIND | {"problem": ""}
    assert status_line(starting) == "Not recording yet"
    assert recording_line(starting) == "Not recording yet (process 7)."
    # A pause says more than that.
    paused = BLIND | {"paused": True, "paused_until": None}
    assert status_line(paused) == "Paused until you resume"
    # An instance of an earlier version does not tell: it is believed to record.
    older = {"running": True, "paused": False, "pid": 7}
    assert footer(older).is_recording
    assert recording_line(older) == "Recording (process 7)."


def test_the_foot_says_whether_it_records_and_how_it_is_sent():
    assert footer({"running": True, "sync_line": "Synced"}) == FooterWords(
        is_recording=True, state="Recording", sync="Synced"
    )
    failing = {"running": True, "sync_line": "Not synced since 9:00", "sync_reason": "It is away."}
    assert footer(failing).reason == "It is away."
    assert footer(NOT_KNOWN) == footer(None)._replace(state="") == FooterWords()


def test_the_foot_offers_to_resume_while_it_is_paused_alone():
    paused = footer({"running": True, "paused": True, "paused_until": None})
    assert (paused.is_recording, paused.can_resume) == (False, True)
    assert not footer({"running": True}).can_resume
    assert not footer(None).can_resume


def test_an_empty_day_has_a_sentence_for_each_case():
    today, week = date(2026, 4, 6), View.WEEK.around(date(2026, 4, 1))
    statuses = (None, {"paused": True}, {})
    said = {empty_sentence(each, DayRange(today, today), today) for each in statuses}
    said |= {empty_sentence({}, ONE_DAY, today), empty_sentence({}, week, today)}
    assert len(said) == 5
