"""The summary window on a real display: what it shows is what was recorded."""

import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

from reprospective_tray.store.model.sessions import State
from reprospective_tray.summary.format_text import duration, long_date
from tests.desktop.summary_driver import RECORDING, away, on_day, today
from tests.unit.stored import session

DAY = (
    on_day(0, "08:00", "09:10", "Code", "sessionizer.py"),
    on_day(0, "09:10", "09:50", "ターミナル", "pytest — 終了コード 0"),
    away(0, "09:50", "10:20"),
    on_day(0, "10:20", "11:00", "Code", "README.md"),
    away(0, "11:00", "11:15", State.LOCKED),
    on_day(0, "11:15", "11:40", "Slack", "#release"),
)
EN = "\N{EN DASH}"


def plain_totals(summary, back=0, days=1):
    """Return ms by state and by application of the days before today, by plain SQL."""
    first = today() - timedelta(days=back)
    lived = "started_at / 1000.0 + utc_offset_minutes * 60"
    query = f"""
        SELECT state, application_name, SUM(ended_at - started_at)
        FROM desktop_activity_sessions
        WHERE deleted = 0 AND date({lived}, 'unixepoch') BETWEEN ? AND ?
        GROUP BY state, application_name"""  # noqa: S608  no text of anybody's
    with closing(sqlite3.connect(summary.database)) as there:
        rows = there.execute(query, (str(first), str(first + timedelta(days=days - 1)))).fetchall()
    states: dict[str, int] = {}
    for state, _name, ms in rows:
        states[state] = states.get(state, 0) + ms
    return states, {name: ms for state, name, ms in rows if state == "active"}


def figures(report):
    """Return how a report's totals are written on the cards and the bars."""
    cards = [duration(round(1000 * report[f"{state}_seconds"])) for state in ("active", "idle")]
    bars = {
        each["application_name"]: duration(round(1000 * each["seconds"]))
        for each in report["applications"]
    }
    return cards, bars


def shown_bars(seen):
    return {row[-2]: row[-1] for row in seen.rows("Applications") if len(row) == 3}


def assert_shows(summary, first, last):
    """What is seen, what `report` says and what plain SQL counts are the same figures."""
    report = summary.report("--from", str(first), "--to", str(last))
    cards, bars = figures(report)
    seen = summary.wait(lambda seen: seen.rows("Cards")[1][:2] == cards, f"the cards to be {cards}")
    assert shown_bars(seen) == bars
    states, applications = plain_totals(summary, (today() - first).days, (last - first).days + 1)
    assert {f"{state}_seconds": ms / 1000 for state, ms in states.items()} == {
        f"{state}_seconds": report[f"{state}_seconds"] for state in states
    }
    assert bars == {name: duration(ms) for name, ms in applications.items()}
    return seen


def test_a_day_shows_the_figures_of_the_report_and_of_plain_sql(summary):
    summary.record(*DAY)
    summary.open()
    summary.wait_for("Code", "#release")
    seen = assert_shows(summary, today(), today())
    assert seen.rows("Cards") == [
        ["Active", "Idle time", f"Start {EN} end", "Longest stretch", "Switches"],
        ["2 h 55 m", "30 m", f"08:00 {EN} 11:40", "1 h 10 m", "3"],
        ["locked 15 m", "Code, 08:00", "1 per hour"],
    ]
    assert seen.rows("Sessions")[2:] == [
        [f"11:15{EN}11:40", "25 m", "Slack", "#release"],
        [f"11:00{EN}11:15", "15 m", "Locked"],
        [f"10:20{EN}11:00", "40 m", "Code", "README.md"],
        [f"09:50{EN}10:20", "30 m", "Idle"],
        [f"09:10{EN}09:50", "40 m", "ターミナル", "pytest — 終了コード 0"],
        [f"08:00{EN}09:10", "1 h 10 m", "Code", "sessionizer.py"],
    ]
    assert {"Coding", "Communication", "Recording", "Synced 14 s ago · 0 waiting"} <= set(
        seen.words()
    )


def test_a_week_and_a_month_show_their_figures_a_bar_a_day_and_the_heat_map(summary):
    last_monday = today().weekday() + 7
    week = [
        session
        for back in range(last_monday - 4, last_monday + 1)
        for session in (
            on_day(back, "09:00", "11:30", "Code", f"{back} days ago"),
            on_day(back, "11:30", "12:00", "Firefox", "docs"),
            away(back, "12:00", "12:20"),
        )
    ]
    summary.record(*sorted((*week, *DAY), key=lambda each: each.started_at))
    summary.open()
    summary.wait_for("#release")
    summary.click("Week")
    summary.wait_for("Daily average")
    summary.key("Left")
    summary.wait_for("over 5 days")
    monday = today() - timedelta(days=last_monday)
    seen = assert_shows(summary, monday, monday + timedelta(days=6))
    assert seen.words("DayBars").count("3 h 00 m") == 5
    assert {"Hours of the week", "Mon", "Sun", "0", "21"} <= set(seen.words("HeatMap"))
    summary.click("Month")
    first = monday.replace(day=1)
    summary.wait_for(f"{first:%B %Y}")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    seen = assert_shows(summary, first, min(last, today()))
    assert len([word for word in seen.words("DayBars") if word.isdecimal()]) == last.day
    summary.click(str(monday.day), "DayBars")
    summary.wait_for(f"{last_monday} days ago", f"{monday:%A}")
    assert_shows(summary, monday, monday)


def test_what_is_recorded_while_the_window_is_open_appears_in_it(summary):
    summary.record(on_day(0, "08:00", "08:10", "Code", "before"))
    summary.open()
    summary.wait_for("before")
    summary.record(on_day(0, "08:10", "08:30", "Slack", "meanwhile"))
    seen = summary.wait_for("before", "meanwhile", "30 m")
    assert shown_bars(seen) == {"Slack": "20 m", "Code": "10 m"}


def test_the_window_follows_today_past_midnight(summary):
    seconds = 5
    now = datetime.now(UTC)
    to_midnight = 86400 - seconds - now.hour * 3600 - now.minute * 60 - now.second
    summary.zone = timezone(timedelta(seconds=(to_midnight + 43200) % 86400 - 43200))
    before = datetime.now(summary.zone).date()
    lived = f"{before}T08:00:00Z", f"{before}T08:10:00Z"
    summary.record(session(*lived, "Code", "before midnight"))
    summary.open()
    summary.wait_for(long_date(before), "before midnight")
    summary.wait_for(long_date(before + timedelta(days=1)), "Nothing recorded yet today.")


def test_the_first_start_says_what_to_do_and_goes_on_when_recording_begins(summary):
    summary.set_status(None)
    summary.open()
    summary.wait_for("Nothing has been recorded yet", "reprospective-tray run", "Not recording")
    summary.set_status(RECORDING)
    summary.record(on_day(0, "08:00", "08:10", "Code", "the first one"))
    summary.wait_for("the first one", "Recording")


def test_days_weeks_and_pauses_without_sessions_each_have_their_sentence(summary):
    summary.record(on_day(40, "09:00", "10:00", "Code", "long ago"))
    summary.open()
    summary.wait_for("Nothing recorded yet today. Recording is on")
    summary.set_status({"running": True, "paused": True, "paused_until": None})
    summary.wait_for("Recording is paused. Resume it from the tray", "Paused until you resume")
    summary.set_status(None)
    summary.wait_for("Start recording with: reprospective-tray run", "is not running")
    summary.key("Left")
    summary.wait_for("Nothing was recorded on this day.")
    summary.key("w", "Left")
    summary.wait_for("Nothing was recorded on these days.")


def test_a_damaged_database_is_said_and_the_window_goes_on_when_it_is_replaced(summary):
    summary.record(on_day(0, "08:00", "08:10", "Code", "before"))
    whole = summary.database.read_bytes()
    summary.database.write_bytes(b"this is no database " * 500)
    summary.open()
    summary.wait_for("is damaged")
    other = summary.database.with_name("other.db")
    other.write_bytes(whole)
    other.replace(summary.database)
    summary.wait_for("before")


def test_size_place_and_view_are_remembered(summary):
    summary.record(*DAY)
    summary.open(view="week", geometry="900x600+340+230")
    summary.wait_for("Daily average")
    left, top, right, bottom = summary.seen_window()
    assert (right - left, bottom - top) == (900, 600)
    summary.click("Month")
    summary.wait(lambda seen: seen.find(f"{today():%B %Y}", "Label"), "the month")
    known = summary.close()
    assert known == {"geometry": "900x600+340+230", "view": "month"}
    summary.open(**known)
    summary.wait_for(f"{today():%B %Y}", widget="Label")
    assert summary.seen_window() == (left, top, right, bottom)


def test_a_signal_brings_the_window_to_the_front_and_does_not_end_it(summary):
    summary.record(*DAY)
    summary.open()
    summary.wait_for("Code")
    desktop = summary.desktop
    window = desktop.xdotool("search", "--onlyvisible", "--name", "Re:prospective")
    desktop.xdotool("windowminimize", "--sync", window)
    summary.wait(lambda seen: not seen.focus, "the window to lose the keyboard")
    summary.process.send_signal(signal.SIGUSR1)
    summary.wait(lambda seen: seen.focus, "the window to have the keyboard")
    assert desktop.xdotool("search", "--onlyvisible", "--name", "Re:prospective") == window
