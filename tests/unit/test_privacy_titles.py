"""The rules that a person would write, tried on the titles that mail and chat programs show.

How it can fail: a rule passes by the very window it was written for, because of an invisible
character, a counter in front or a browser's name behind; or it takes what is none of its business.
"""

import pytest

from reprospective_tray.config.keys import PrivacySettings, Rule
from reprospective_tray.monitor.privacy.rules import (
    REDACTED,
    PrivacyRules,
    RuleAction,
    StorableNames,
)

MAIL = [
    ("thunderbird", "Inbox - anna@example.org - Mozilla Thunderbird"),
    ("thunderbird", "Write: Invoice 4711 - Thunderbird"),
    ("Mail", "Write: (no subject) - Mozilla Thunderbird"),
    ("org.mozilla.Thunderbird", "Verfassen: Rechnung 4711 - Mozilla Thunderbird"),
    ("thunderbird", "作成: 請求書 4711 - Mozilla Thunderbird"),
    ("betterbird", "Invoice 4711 - Betterbird"),
    ("OUTLOOK.EXE", "Inbox - anna@example.org - Outlook"),
    ("OUTLOOK.EXE", "Invoice 4711 - Message (HTML) "),
    ("OUTLOOK.EXE", "Untitled - Message (HTML)"),
    ("olk.exe", "Mail - Anna Berg - Outlook"),
    ("Evolution", "Invoice 4711 — Evolution"),
    ("Geary", "Invoice 4711 — anna@example.org"),
]
WEB_MAIL = [
    ("firefox", "Inbox (3) - anna@example.org - Gmail — Mozilla Firefox"),
    ("firefox", "Invoice 4711 - anna@example.org - Gmail — Mozilla Firefox"),
    ("Google-chrome", "Posteingang (1.204) - anna@example.org - Gmail - Google Chrome"),
    ("Google-chrome", "受信トレイ (3) - anna@example.org - Gmail - Google Chrome"),
    ("Microsoft-edge", "Invoice 4711 - anna@example.org - Gmail - Work - Microsoft\u200b Edge"),
    ("msedge.exe", "Gmail and 3 more pages - Personal - Microsoft\u200b Edge"),
]
SLACK_PRIVATE = [
    ("Slack", "Anna Berg (DM) - Acme - Slack"),
    ("Slack", "! Anna Berg (DM) - Acme - 2 new items - Slack"),
    ("slack.exe", "* Anna Berg, Ben Cole (DM) - Acme - Slack"),
    ("Google-chrome", "Anna Berg (DM) - Acme - Slack - Google Chrome"),
]
SLACK_PUBLIC = [
    ("Slack", "general (Channel) - Acme - Slack"),
    ("Slack", "Threads - Acme - Slack"),
]
CHATS = [
    ("ms-teams.exe", "Chat | Anna Berg | Microsoft Teams"),
    ("teams-for-linux", "(2) Chat | Anna Berg | Microsoft Teams"),
    (
        "Google-chrome",
        "Chat | Anna Berg | Acme | anna@example.org | Microsoft Teams - Google Chrome",
    ),
    ("msedge.exe", "Anna Berg | Microsoft\u00a0Teams - Work - Microsoft\u200b Edge"),
    ("discord", "@Anna - Discord"),
    ("discord", "(3) #general | Acme - Discord"),
    ("Discord.exe", "• Discord | Friends"),
    ("Signal", "Signal"),
    ("signal", "Signal (2)"),
    ("org.signal.Signal", "Signal"),
    ("TelegramDesktop", "Telegram (12)"),
    ("org.telegram.desktop", "Anna Berg – (12)"),  # noqa: RUF001  Telegram's own dash
    ("WhatsApp.exe", "\u200eWhatsApp"),
    ("ApplicationFrameHost.exe", "\u200eWhatsApp"),
    ("firefox", "(3) WhatsApp — Mozilla Firefox"),
    ("Google-chrome", "WhatsApp Web - Google Chrome"),
    ("Element", "Element [3] | Anna Berg"),
    ("Element", "Element | #rust:example.org"),
    ("firefox", "Element * | Anna Berg — Mozilla Firefox"),
]
OF_NOBODY = [
    ("Evince", "Signal processing.pdf"),
    ("firefox", "Signal (software) - Wikipedia — Mozilla Firefox"),
    ("code", "slack.py - project - Visual Studio Code"),
    ("code", "outlook.md - project - Visual Studio Code"),
    ("firefox", "Periodic element - Wikipedia — Mozilla Firefox"),
]
CHAT_RULES = (
    Rule(application="teams|discord|signal|telegram|whatsapp|element", action="application"),
    Rule(title=r"\| Microsoft Teams|^(\(\d+\) )?WhatsApp|^Element\b.* \|", action="application"),
)


def privacy(*rules: Rule) -> PrivacyRules:
    return PrivacyRules(PrivacySettings(rules=rules))


@pytest.mark.parametrize(
    ("application", "title"), MAIL + WEB_MAIL + SLACK_PRIVATE + SLACK_PUBLIC + CHATS + OF_NOBODY
)
def test_without_a_rule_mail_and_chat_are_recorded_as_they_are(application, title):
    assert privacy().apply(application, title) == StorableNames(application, title, RuleAction.KEEP)


@pytest.mark.parametrize(("application", "title"), MAIL)
def test_one_rule_keeps_of_every_mail_program_the_name_alone(application, title):
    rule = Rule(
        application="thunderbird|betterbird|outlook|^olk|evolution|geary|^mail$",
        action="application",
    )
    assert privacy(rule).apply(application, title).window_title == ""


@pytest.mark.parametrize(("application", "title"), MAIL + WEB_MAIL)
def test_redacting_addresses_leaves_no_address_in_any_title(application, title):
    verdict = privacy(Rule(title=r"[\w.+-]+@[\w.-]+", action="redact")).apply(application, title)
    assert "anna" not in verdict.window_title
    assert verdict.window_title == title.replace("anna@example.org", REDACTED)


@pytest.mark.parametrize(("application", "title"), MAIL + WEB_MAIL)
def test_redacting_the_number_of_an_invoice_leaves_the_rest(application, title):
    rule = Rule(title=r"(invoice|rechnung|請求書) \d+", action="redact")
    left = privacy(rule).apply(application, title).window_title
    assert "4711" not in left
    assert (left == title) == ("4711" not in title)


@pytest.mark.parametrize(("application", "title"), WEB_MAIL)
def test_gmail_is_told_by_its_name_in_every_browser(application, title):
    assert privacy(Rule(title=r"\bGmail\b")).apply(application, title) is None


@pytest.mark.parametrize(("application", "title"), SLACK_PRIVATE + SLACK_PUBLIC)
def test_direct_messages_of_slack_can_go_without_its_channels(application, title):
    verdict = privacy(Rule(title=r"\(DM\) - .* - Slack")).apply(application, title)
    assert (verdict is None) == ("(DM)" in title)


@pytest.mark.parametrize(("application", "title"), CHATS)
def test_two_rules_keep_of_every_chat_the_application_alone(application, title):
    assert privacy(*CHAT_RULES).apply(application, title) == StorableNames(
        application,
        "",
        RuleAction.APPLICATION,
        privacy(*CHAT_RULES).explain(application, title).rule,
    )


@pytest.mark.parametrize(("application", "title"), OF_NOBODY)
def test_what_only_mentions_a_chat_or_mail_program_is_left_alone(application, title):
    assert privacy(*CHAT_RULES).apply(application, title).window_title == title


@pytest.mark.parametrize(
    ("pattern", "title"),
    [
        ("Microsoft Edge", "News - Work - Microsoft\u200b Edge"),
        ("^WhatsApp", "\u200eWhatsApp"),
        ("Microsoft Teams", "Anna | Microsoft\u00a0Teams"),
    ],
)
@pytest.mark.parametrize("action", ["ignore", "redact", "application"])
def test_what_nobody_can_see_in_a_title_hides_it_from_no_rule(pattern, title, action):
    verdict = privacy(Rule(title=pattern, action=action)).apply("app", title)
    left = {"ignore": None, "application": "", "redact": REDACTED}[action]
    if left is None:
        assert verdict is None
    else:
        assert verdict.window_title.endswith(left)
        assert len(verdict.window_title) < len(title) + len(REDACTED)
        assert "Microsoft" not in verdict.window_title


def test_a_name_with_something_invisible_is_the_name_that_is_seen():
    assert privacy(Rule(application="^whatsapp$")).apply("\u200eWhatsApp", "Anna") is None
