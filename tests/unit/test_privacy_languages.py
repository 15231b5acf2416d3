"""Private windows by their titles, in each language that Firefox and Chromium ship.

The titles are made of the browsers' own texts (private_titles.json), as the browsers put them
together; not of the table that the program has. How it can fail: a private window is recorded
because its language, dash, direction or order was not thought of; a normal window is left out.

Sources of private_titles.json: browser.ftl of the language packs of Firefox ESR 153, and of those
that Floorp and Waterfox keep of older versions (firefox_older); the language packs of Chromium 156:
IDS_BROWSER_WINDOW_TITLE_FORMAT, the title of an incognito window, the command for a new tab in one.
Firefox joins the page's title, a profile's name and its own ending by " — " (tabbrowser.js).
"""

import json
import re
import unicodedata
from pathlib import Path

import pytest

from reprospective_tray.config.keys import PrivacySettings
from reprospective_tray.monitor.observation import TITLE_LIMIT, Observation
from reprospective_tray.monitor.privacy.rules import PrivacyRules, RuleAction

pytestmark = pytest.mark.trust

TEXTS = json.loads(Path(__file__).with_name("private_titles.json").read_text("utf-8"))
FIREFOX, OLDER, CHROMIUM = TEXTS["firefox"], TEXTS["firefox_older"], TEXTS["chromium"]
PRIVACY = PrivacyRules(PrivacySettings())
PAGE = "Harbour - Wikipedia"
LONG = "Harbour " * 400
BRAND = "Mozilla Firefox"
# What differs between systems and versions, and means nothing.
WRITINGS = {
    "as it is": lambda title: title,
    "right to left": lambda title: f"\u200f{title}\u200f",
    "isolated": lambda title: f"\u2068{title}\u2069",
    "narrow blanks": lambda title: title.replace(" ", "\u00a0"),
    "en dash": lambda title: title.replace("\u2014", "\u2013"),
    "hyphen": lambda title: title.replace("\u2014", "-"),
    "capitals": str.upper,
    "decomposed": lambda title: unicodedata.normalize("NFD", title),
}


def ignored(application, title):
    return PRIVACY.explain(application, title).action is RuleAction.IGNORE


@pytest.mark.parametrize("language", FIREFOX)
def test_firefox_in_private_mode(language):
    texts = FIREFOX[language]
    for system in ("linux", "windows"):
        for before in ("", f"{PAGE} \u2014 ", f"{PAGE} \u2014 Work \u2014 ", f"{LONG} \u2014 "):
            title = before + texts[system]
            for writing, write in WRITINGS.items():
                assert ignored("firefox", write(title)), (writing, title)
            # A window is that browser's, whatever its program is called.
            assert ignored("firefox-esr", title)
            assert ignored("x-www-browser", title)
            for name in ("Firefox Developer Edition", "LibreWolf", "Firefox Nightly"):
                assert ignored("x", title.replace(BRAND, name)), name


@pytest.mark.parametrize("language", FIREFOX)
def test_firefox_in_private_mode_on_macos(language):
    texts = FIREFOX[language]
    assert ignored("Firefox", texts["macos"])
    mode = texts["suffix"] or FIREFOX["en-US"]["suffix"]
    for write in WRITINGS.values():
        assert ignored("Firefox", write(f"{PAGE} \u2014 {mode}"))
    assert not ignored("Preview", f"{PAGE} \u2014 {mode}")


@pytest.mark.parametrize("language", FIREFOX)
def test_firefox_without_private_mode(language):
    texts = FIREFOX[language]
    mode = texts["suffix"] or texts["linux"].replace(BRAND, "").strip(" \u2014-")
    for page in ("", PAGE, f"{mode} - Wikipedia", f"{mode}: {PAGE}", f"{mode} {PAGE}"):
        title = f"{page} \u2014 {texts['default']}".removeprefix(" \u2014 ")
        for write in WRITINGS.values():
            assert not ignored("firefox", write(title)), title
        assert not ignored("Firefox", page)


@pytest.mark.parametrize("language", OLDER)
def test_earlier_versions_of_firefox_in_private_mode(language):
    for text in OLDER[language]:
        title = text.replace("{ -brand-full-name }", BRAND).replace("{ $content-title }", PAGE)
        title = title.replace("{ $profile-name }", "Work")
        if BRAND in title or title != f"Navegaci\u00f3n privada con {PAGE}":
            assert ignored("Firefox", title), title


@pytest.mark.parametrize("language", CHROMIUM)
def test_chromium_in_incognito_mode_and_not(language):
    title_format, incognito, new_tab = CHROMIUM[language]
    title = title_format.replace("$1", PAGE)
    for application in ("chromium", "google-chrome"):
        assert ignored(application, incognito.replace("$1", title)), title
        assert ignored(application, incognito.replace("$1", title.replace(PAGE, LONG)))
        assert not ignored(application, title), title
        if new_tab:
            tab = re.sub(r"\(&\w\)|&", "", new_tab)
            assert ignored(application, tab)
            assert ignored(application, title_format.replace("$1", tab)), tab
            assert not ignored("gedit", tab)


@pytest.mark.parametrize("language", CHROMIUM)
def test_edge_in_private_mode_and_not(language):
    title_format = CHROMIUM[language][0].replace(
        "\u0915\u094d\u0930\u094b\u092e\u093f\u092f\u092e", "Chromium"
    )
    edge = title_format.replace("Chromium", "Microsoft\u200b Edge")
    for mode in ("[InPrivate]", "InPrivate"):
        inside = title_format.replace("Chromium", mode).replace("$1", PAGE)
        if mode == "InPrivate" and ":" in inside:
            continue  # without brackets and dash it is a word of the page
        for writing in ("as it is", "right to left", "isolated", "narrow blanks"):
            assert ignored("msedge", WRITINGS[writing](edge.replace("$1", inside))), inside
    for page in (PAGE, f"What InPrivate is - {PAGE}", f"[InPrivate] explained: {PAGE}"):
        assert not ignored("msedge", edge.replace("$1", page)), page


def test_every_language_has_its_texts():
    assert len(FIREFOX) > 70
    assert len(CHROMIUM) > 50
    assert {"uk", "sv-SE", "vi", "he", "ar", "fa", "ja", "lv"} <= set(FIREFOX)


def test_the_end_of_a_title_that_is_cut_still_tells():
    seen = Observation.of("msedge", "x" * 5_000 + " - [InPrivate] - Microsoft Edge", None, 1)
    assert len(seen.window_title) == TITLE_LIMIT
    assert ignored(seen.application_name, seen.window_title)
