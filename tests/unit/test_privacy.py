"""What privacy rules drop, what they change, and what they leave alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprospective_tray.config.keys import PrivacySettings, Rule
from reprospective_tray.monitor.privacy.rules import (
    REDACTED,
    PrivacyRules,
    RuleAction,
    StorableNames,
)

BUILT_IN = PrivacyRules(PrivacySettings())
NOTHING = PrivacyRules(PrivacySettings(private_windows=False, password_managers=False))


def rules(*given_rules, **others):
    return PrivacyRules(PrivacySettings(rules=given_rules, **others))


FIREFOX_PRIVATE = [
    "Mozilla Firefox Private Browsing",
    "News — Mozilla Firefox Private Browsing",
    "News — Work — Mozilla Firefox Private Browsing",
    "News - Mozilla Firefox (Private Browsing)",
    "ニュース — Mozilla Firefox プライベートブラウジング",
    "ニュース - Mozilla Firefox (プライベートブラウジング)",
    "ニュース — Mozilla Firefox — プライベート ブラウジング",
    "Nachrichten – Mozilla Firefox Privater Modus",  # noqa: RUF001  as in the translation
    "Nachrichten - Mozilla Firefox (Privater Modus)",
    "Nouvelles — Mozilla Firefox Navigation private",
    "Nouvelles - Mozilla Firefox (Navigation privée)",
    "Noticias — Navegación privada de Mozilla Firefox",
    "Noticias - Mozilla Firefox (Navegación privada)",
    "Notizie — Navigazione anonima di Mozilla Firefox",
    "Notizie – Mozilla Firefox (Navigazione anonima)",  # noqa: RUF001  as in the translation
    "Notícias — Navegação privativa do Mozilla Firefox",
    "Nieuws - Mozilla Firefox (Privénavigatie)",
    "Nieuws — Mozilla Firefox Privénavigatie",
    "Новости — Приватный просмотр Mozilla Firefox",
    "新闻 - Mozilla Firefox （隐私浏览）",  # noqa: RUF001  the brackets of the translation
    "新聞 — Mozilla Firefox 隱私瀏覽",
    "뉴스 — Mozilla Firefox 사생활 보호 모드",
    "Wiadomości - Mozilla Firefox (tryb prywatny)",
    "Wiadomości — Mozilla Firefox — tryb prywatny",
    "News — LibreWolf Private Browsing",
]
OTHER_PRIVATE = [
    ("Google-chrome", "News - Google Chrome (Incognito)"),
    ("chrome.exe", "Neuer Inkognito-Tab - Google Chrome"),
    ("Google-chrome", "New Incognito tab - Google Chrome"),
    ("Chromium", "ニュース - Chromium (シークレット)"),
    ("chromium_chromium", "News - Chromium (Incognito)"),
    ("Microsoft-edge", "News - [InPrivate] - Microsoft\u200b Edge"),
    ("msedge.exe", "News and 2 more pages - InPrivate - Personal - Microsoft Edge"),
    ("msedge.exe", "Search - Microsoft Edge (InPrivate)"),
    ("Brave-browser", "News - Brave (Private)"),
    ("opera.exe", "News - Opera (Private)"),
    ("Vivaldi-stable", "Private Window - Vivaldi"),
    ("Safari", "News — Private Browsing"),
    ("firefox", "News — Privater Modus"),  # macOS leaves the name out
    ("Tor Browser", "anything at all"),
    ("firefox.exe", "anything at all — Tor Browser"),
    ("Mullvad Browser", "anything at all"),
]
INNOCENT = [
    ("gedit", "private browsing notes.txt"),
    ("Gedit", "notes — private browsing"),
    ("firefox", "Incognito (film) - Wikipedia — Mozilla Firefox"),
    ("firefox", "Private Browsing - Use Firefox without saving history — Mozilla Firefox"),
    ("Google-chrome", "Mozilla Firefox Private Browsing - Google Search - Google Chrome"),
    ("Google-chrome", "InPrivate browsing explained - Google Chrome"),
    ("Google-chrome", "Secret Santa - Google Chrome"),
    ("Google-chrome", "Incognito - Google Chrome"),
    ("thunderbird", "Re: New Incognito tab - Mozilla Thunderbird"),
    ("Evince", "New Incognito tab"),
    ("code", "private.py - project - Visual Studio Code"),
    ("firefox", "Mozilla Firefox"),
    ("", ""),
]
PASSWORD_MANAGERS = [
    ("KeePassXC", "Passwords.kdbx - KeePassXC"),
    ("org.keepassxc.KeePassXC", "Unlock Database"),
    ("KeePass.exe", "Database.kdbx - KeePass"),
    ("KeePass2", "x"),
    ("Bitwarden", "Bitwarden"),
    ("1Password", "All Items"),
    ("LastPass", "Vault"),
    ("Dashlane", ""),
    ("Enpass", "x"),
    ("NordPass", "x"),
    ("Proton Pass", "x"),
    ("proton-pass", "x"),
    ("Seahorse", "Passwords and Keys"),
    ("org.gnome.seahorse.Application", "Passwords and Keys - seahorse"),
    ("kwalletmanager5", "KDE Wallet"),
    ("QtPass", "QtPass"),
    ("Keychain Access", "login"),
    ("Pinentry-gtk-2", "Pinentry"),
    ("XTerm", "pass show bank/main"),
    ("gnome-terminal", "me@home:~ $ pass edit bank"),
    ("firefox", "Extension: (Bitwarden Password Manager) - Bitwarden — Mozilla Firefox"),
    ("Google-chrome", "Bitwarden - Google Chrome"),
    ("Google-chrome", "Vaults | Bitwarden Web Vault - Google Chrome"),
    ("firefox", "1Password — Mozilla Firefox"),
    ("", "Personal - 1Password"),
    ("electron", "Bitwarden"),
]
NO_PASSWORD_MANAGERS = [
    ("firefox", "Bitwarden - Wikipedia — Mozilla Firefox"),
    ("firefox", "KeePassXC: Documentation and FAQ — Mozilla Firefox"),
    ("Google-chrome", "Best password managers: 1Password vs Bitwarden - Google Chrome"),
    ("gedit", "keepassxc notes.txt"),
    ("gedit", "pass show.txt"),
    ("XTerm", "passwd"),
    ("XTerm", "vim compass show.py"),
    ("Keepassion", "a game"),
]


@pytest.mark.parametrize("title", FIREFOX_PRIVATE)
def test_a_private_window_of_firefox_leaves_no_trace(title):
    assert BUILT_IN.apply("firefox", title) is None


@pytest.mark.parametrize(("application", "title"), OTHER_PRIVATE)
def test_a_private_window_of_another_browser_leaves_no_trace(application, title):
    assert BUILT_IN.apply(application, title) is None


@pytest.mark.parametrize(("application", "title"), PASSWORD_MANAGERS)
def test_a_password_manager_leaves_no_trace(application, title):
    assert BUILT_IN.apply(application, title) is None


@pytest.mark.parametrize(("application", "title"), INNOCENT + NO_PASSWORD_MANAGERS)
def test_an_innocent_window_is_kept_as_it_is(application, title):
    assert BUILT_IN.apply(application, title) == StorableNames(application, title, RuleAction.KEEP)


def test_the_built_in_rules_can_be_switched_off_each_by_itself():
    private, manager = ("firefox", FIREFOX_PRIVATE[0]), ("Bitwarden", "Bitwarden")
    only_managers = PrivacyRules(PrivacySettings(private_windows=False))
    only_windows = PrivacyRules(PrivacySettings(password_managers=False))
    assert only_managers.apply(*private) is not None
    assert only_managers.apply(*manager) is None
    assert only_windows.apply(*private) is None
    assert only_windows.apply(*manager) is not None


def test_explaining_names_the_built_in_rule_that_takes_a_window():
    assert "privacy.private_windows" in BUILT_IN.explain("firefox", FIREFOX_PRIVATE[0]).rule
    assert "privacy.password_managers" in BUILT_IN.explain("Bitwarden", "x").rule
    assert BUILT_IN.explain("gedit", "x").rule == ""


def test_explaining_names_the_rule_of_the_person_by_its_number_and_patterns():
    privacy = rules(Rule(title="never"), Rule(application="sig.al", title="x"))
    verdict = privacy.explain("Signal", "x")
    assert (verdict.action, verdict.application_name, verdict.window_title) == ("ignore", "", "")
    assert "2" in verdict.rule
    assert "application: sig.al, title: x" in verdict.rule


def test_an_ignored_window_has_no_verdict_that_could_be_stored():
    assert rules(Rule(application="signal")).apply("Signal", "Alice") is None


def test_patterns_match_anywhere_and_in_either_case():
    privacy = rules(Rule(application="GNA", action="application"))
    assert privacy.apply("Signal", "Alice").window_title == ""


def test_a_rule_with_both_patterns_needs_both():
    privacy = rules(Rule(application="mail", title="secret"))
    assert privacy.apply("mail", "secret") is None
    assert privacy.apply("mail", "open") is not None
    assert privacy.apply("gedit", "secret") is not None


def test_application_keeps_the_name_and_drops_the_title():
    privacy = rules(Rule(application="signal", action="application"))
    verdict = privacy.apply("Signal", "Alice")
    assert (verdict.application_name, verdict.window_title) == ("Signal", "")
    assert verdict.action is RuleAction.APPLICATION


@pytest.mark.parametrize(
    ("pattern", "title", "left"),
    [
        (r"\d{4,}", "card 1234 and 56789, 12", "card [redacted] and [redacted], 12"),
        (".*", "all of it", REDACTED),
        ("(?=secret)", "a secret", REDACTED),
        ("x*", "axxb", "a[redacted]b"),
    ],
)
def test_redact_replaces_what_the_title_pattern_fits(pattern, title, left):
    privacy = rules(Rule(title=pattern, action="redact"))
    assert privacy.apply("mail", title).window_title == left


def test_redact_without_a_title_pattern_hides_the_whole_title():
    privacy = rules(Rule(application="mail", action="redact"))
    assert privacy.apply("mail", "Alice").window_title == REDACTED
    assert privacy.apply("mail", "").window_title == ""


def test_the_first_rule_of_the_person_that_fits_decides():
    privacy = rules(
        Rule(application="firefox", title="bank", action="application"),
        Rule(application="firefox", title="bank"),
    )
    assert privacy.apply("firefox", "bank — Mozilla Firefox").window_title == ""


def test_a_rule_that_only_redacts_does_not_bring_a_private_window_to_disk():
    privacy = rules(Rule(application="firefox", action="redact"))
    assert privacy.apply("firefox", "bank — Mozilla Firefox").window_title == REDACTED
    assert privacy.apply("firefox", "bank — Mozilla Firefox Private Browsing") is None


@given(st.text(), st.text())
def test_without_rules_no_window_is_ever_changed(application, title):
    assert NOTHING.apply(application, title) == StorableNames(application, title, RuleAction.KEEP)


@given(st.text(), st.text())
def test_the_built_in_rules_keep_a_window_whole_or_drop_it(application, title):
    verdict = BUILT_IN.apply(application, title)
    assert verdict is None or verdict == StorableNames(application, title, RuleAction.KEEP)


@given(st.text(max_size=60).filter(lambda page: not page.endswith(("-", "–", "—"))))  # noqa: RUF001  dashes
def test_no_page_title_hides_that_a_window_is_private(page):
    assert BUILT_IN.apply("firefox", f"{page} — Mozilla Firefox Private Browsing") is None
