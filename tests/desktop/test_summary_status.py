"""The summary window follows what happens elsewhere: pauses, sending, settings; and offers a way.

How it can fail: a button waits for an instance that hangs; a rule holds only for the next window,
or not for what was read ahead; half a file is read; a mistake in the file takes the rules away.
"""

from datetime import timedelta

from reprospective_tray.summary.format_text import long_date, weekday_and_date
from tests.desktop.summary_driver import RECORDING, Summary, on_day, today
from tests.desktop.test_control_window import Instance
from tests.desktop.test_settings import replace_config

PAUSED = {"running": True, "paused": True, "paused_until": None}
REASON = "The server cannot be reached. Check your network and the server."
FAILING = RECORDING | {"sync_line": "Not synced since 09:12 · 3 waiting", "sync_reason": REASON}
QZX = on_day(0, "08:00", "09:10", "Qzx", "tides.sql")


def rules(category: str, more: str = "") -> str:
    return f"categories: {{rules: [{{category: {category}, application: qzx}}]}}\n{more}"


def test_while_paused_the_foot_has_resume_which_asks_the_instance(summary: Summary) -> None:
    summary.record(QZX)
    summary.set_status(PAUSED)
    with Instance(summary.user) as instance:
        summary.open()
        summary.wait_for("Paused until you resume", "tides.sql")
        summary.click("Resume", "Button")
        assert instance.next() == ("resume", {})
        summary.set_status(RECORDING)
        summary.wait_for("Recording", widget="Footer")
        seen = summary.wait_without("Resume", "Button")
        assert seen.find("Synced 14 s ago · 0 waiting", "Footer")


def test_resume_can_be_reached_and_pressed_by_the_keyboard_alone(summary: Summary) -> None:
    summary.record(QZX)
    summary.set_status(PAUSED)
    with Instance(summary.user) as instance:
        summary.open()
        summary.wait_for("Paused until you resume", "tides.sql")
        summary.key("shift+Tab")
        summary.wait(lambda seen: "footer" in seen.focus, "the focus to be on Resume")
        summary.key("Return")
        assert instance.next() == ("resume", {})


def test_resume_without_an_instance_says_so_and_the_window_goes_on(summary: Summary) -> None:
    summary.record(QZX)
    summary.set_status(PAUSED)
    summary.open()
    summary.wait_for("Paused until you resume", "tides.sql")
    summary.click("Resume", "Button")
    summary.wait_for("is not running")
    summary.key("Left")
    summary.wait_for("Nothing was recorded on this day.")


def test_a_failing_sync_is_said_with_its_reason_and_what_to_do(summary: Summary) -> None:
    summary.record(QZX)
    summary.set_status(FAILING)
    summary.open()
    summary.wait_for("Recording", "Not synced since 09:12 · 3 waiting", REASON, widget="Footer")
    summary.set_status(RECORDING)
    summary.wait_without(REASON, "Footer")


def test_an_empty_day_offers_the_last_one_with_something(summary: Summary) -> None:
    last = today() - timedelta(days=3)
    summary.record(on_day(9, "09:00", "10:00", "Code", "older"))
    summary.record(on_day(3, "09:00", "10:00", "Code", "the last one"))
    summary.open()
    summary.wait_for("Nothing recorded yet today.")
    summary.click(f"Show {weekday_and_date(last, today())}", "Button")
    summary.wait_for(long_date(last), "the last one")
    summary.key("Left")
    summary.wait_for("Nothing was recorded on this day.")
    # By the keyboard as well.
    summary.wait_for(f"Show {weekday_and_date(today() - timedelta(days=9), today())}")
    summary.key("shift+Tab")
    summary.wait(lambda seen: "emptyrange" in seen.focus, "the focus to be on the offer")
    summary.key("Return")
    summary.wait_for("older")
    summary.key("w", "Left")
    seen = summary.wait_for("Nothing was recorded on these days.")
    assert not [word for word in seen.words("Button") if word.startswith("Show ")]


def test_changed_category_rules_reach_the_open_window_and_the_days_that_were_read_ahead(
    summary: Summary,
) -> None:
    summary.record(on_day(1, "08:00", "09:00", "Qzx", "the day before"))
    summary.record(QZX)
    summary.user.write_config(rules("Harbour"))
    summary.open(refresh_ms=600_000)  # nothing but the change makes it read again
    summary.wait_for("Harbour", "tides.sql")
    replace_config(summary.user, rules("Lighthouse"))
    summary.wait_for("Lighthouse")
    summary.wait_without("Harbour")
    summary.key("Left")
    summary.wait_for("Lighthouse", "the day before")


def test_a_broken_file_keeps_the_earlier_rules_and_is_said_until_it_is_mended(
    summary: Summary,
) -> None:
    summary.record(QZX)
    summary.user.write_config(rules("Harbour"))
    summary.open(refresh_ms=600_000)
    summary.wait_for("Harbour", "tides.sql")
    replace_config(summary.user, rules("Lighthouse", "monitor: {heartbeat: 0}\n"))
    said = "Line 2: monitor.heartbeat is 0."
    summary.wait_for(said, "Still using your previous settings.", "Harbour")
    summary.key("Left", "Right")
    summary.wait_for(said, "Harbour")
    replace_config(summary.user, rules("Lighthouse"))
    summary.wait_for("Lighthouse")
    summary.wait_without(said, "Label")


def test_rules_appear_with_the_first_file_and_go_with_it(summary: Summary) -> None:
    summary.record(QZX)
    summary.open(refresh_ms=600_000)
    summary.wait_for("Other", "tides.sql")
    replace_config(summary.user, rules("Harbour"))
    summary.wait_for("Harbour")
    summary.user.paths.config_file.unlink()
    summary.wait_for("Other")
