"""Recognises the private windows of browsers by their titles. Pure.

Browsers name the mode beside their own name at the end of the title, in the
person's language: "Page — Mozilla Firefox Private Browsing", "Page —
Navegación privada de Mozilla Firefox", "Page - Google Chrome (Incognito)",
"Page - [InPrivate] - Microsoft Edge". These words elsewhere in a title belong to
the page. The browsers' own texts are in `private_titles`; this module has those of
related browsers and earlier versions.
"""

from __future__ import annotations

import re

from reprospective_tray.monitor.privacy import private_endings
from reprospective_tray.monitor.privacy.plain_text import any_of

_FIREFOX_NAMES = (
    *("Mozilla Firefox", "Firefox", "Firefox Browser", "Firefox Developer Edition"),
    *("Firefox Nightly", "Firefox Beta", "LibreWolf", "Waterfox", "Floorp", "Zen Browser"),
    *("Pale Moon", "SeaMonkey", "Iceweasel", "GNU IceCat"),
)
_OTHER_NAMES = (
    *("Google Chrome", "Chrome", "Google Chrome Beta", "Google Chrome Dev", "Chromium"),
    "क्रोमियम",
    *("Ungoogled Chromium", "Microsoft Edge", "Microsoft Edge Beta", "Microsoft Edge Dev"),
    *("Brave", "Brave Browser", "Vivaldi", "Opera", "Opera GX", "Yandex Browser"),
    *("Safari", "Epiphany", "Falkon"),
)
_FIREFOX, _OTHERS = any_of(*_FIREFOX_NAMES), any_of(*_OTHER_NAMES)
_NAME = rf"(?:{_FIREFOX}|{_OTHERS})"
_FIREFOX_LETTERS = private_endings.names_of(*_FIREFOX_NAMES)
_OTHER_LETTERS = private_endings.names_of(*_OTHER_NAMES)

# Browsers that only have private windows.
_ALWAYS_PRIVATE = any_of("Tor Browser", "Mullvad Browser")

# What the mode is called, by language. A blank may be missing.
_MODE_WORDS = {
    "en": ("private browsing", "private window", "private mode", "incognito", "incognito mode"),
    "any": ("InPrivate",),  # Edge uses it in every language
    "ja": (
        *("プライベート ブラウジング", "プライベート ブラウズ", "プライベート ウィンドウ"),
        *("シークレット", "シークレット モード", "シークレット ウィンドウ"),
    ),
    "de": ("privater Modus", "privates Fenster", "privates Surfen", "Inkognito", "Inkognitomodus"),
    "fr": ("navigation privée", "navigation private", "fenêtre privée", "mode privé"),
    "es": (
        *("navegación privada", "ventana privada", "modo privado", "incógnito", "modo incógnito"),
        *("de incógnito", "ventana de incógnito"),
    ),
    "it": (
        *("navigazione anonima", "navigazione privata", "navigazione in incognito"),
        *("finestra anonima", "finestra privata", "in incognito"),
    ),
    "pt": (
        *("navegação privativa", "navegação privada", "navegação anônima", "navegação anónima"),
        *("janela privativa", "janela privada", "janela anônima", "anônima", "anónima"),
    ),
    "nl": ("privénavigatie", "privévenster", "privébrowsen", "incognitovenster", "incognitomodus"),
    "ru": (
        *("приватный просмотр", "приватное окно", "приватный режим", "частный доступ"),
        *("инкогнито", "режим инкогнито", "в режиме инкогнито"),
    ),
    "zh": (
        *("隐私浏览", "隐私浏览模式", "隐私窗口", "隐私模式", "无痕", "无痕模式", "无痕浏览"),
        *("隐身", "隐身模式", "隱私瀏覽", "隱私視窗", "無痕", "無痕模式", "無痕視窗", "無痕式視窗"),
        *("无痕式", "无痕式窗口", "私密浏览", "私密瀏覽"),
    ),
    "ko": ("사생활 보호 모드", "사생활 보호", "시크릿 모드", "시크릿", "개인정보 보호 브라우징"),
    "pl": ("tryb prywatny", "przeglądanie prywatne", "okno prywatne", "tryb incognito"),
}
_MODE = any_of(*(words for language in _MODE_WORDS.values() for words in language))
# Short words that mean the mode only after the name of a browser.
_SHORT = any_of(
    "private", "private with Tor", "privat", "privé", "privado", "privato", "приватное", "비공개"
)

_DASH = "[-\N{EN DASH}\N{EM DASH}]"
# A page without a title leaves the dash in front.
_START = rf"(?:^(?:{_DASH}\s)?|\s{_DASH}\s)"
_QUOTE = '[„“”"]?'
# Connecting words between mode and name: "Navigazione anonima di Mozilla Firefox".
_GLUE = rf"(?: (?:{any_of('de', 'di', 'do', 'da', 'no', 'in', 'von', 'w', 'в', 'programu')}))?"

_NAMED = re.compile(
    # the name, then the mode: "Mozilla Firefox (Private Browsing)", "Brave (Private)"
    rf"{_START}{_QUOTE}{_NAME}{_QUOTE}\s?(?:{_DASH}\s)?[(\[]?(?:{_MODE}|{_SHORT})[)\]]?$"
    # the mode, then the name: "Приватный просмотр Mozilla Firefox"
    rf"|{_START}(?:{_MODE}){_GLUE} {_NAME}$"
    # the same with a dash, if the mode's name is that browser's: "[InPrivate] - Microsoft Edge",
    # and with a profile between: "InPrivate - Me - Microsoft Edge"
    rf"|{_START}\[?inprivate\]?(?:\s{_DASH}\s[^-]+)?\s{_DASH}\smicrosoft edge(?: \w+)?$"
    rf"|{_START}(?:{_ALWAYS_PRIVATE})$"
)
# Firefox and Safari on macOS omit their name: "Page — Private Browsing".
_UNNAMED = re.compile(rf"{_START}\(?(?:{_MODE})\)?$")

# The empty private tab: all that Chrome and related browsers show on most desktops.
_EMPTY_TAB_WORDS = any_of(
    *("New Incognito tab", "New private tab", "New InPrivate tab", "Private window"),
    *("新しいシークレット タブ", "新しいプライベート タブ"),
    *("Neuer Inkognito-Tab", "Neuer privater Tab"),
    *("Nouvel onglet de navigation privée", "Nouvel onglet navigation privée"),
    *("Nueva pestaña de incógnito", "Nueva pestaña Incógnito", "Nueva pestaña privada"),
    *("Nuova scheda in incognito", "Nuova scheda anonima", "Nuova scheda privata"),
    *("Nova guia anônima", "Novo separador de navegação anónima", "Nova guia privada"),
    *("Nieuw incognitotabblad", "Nieuw privétabblad"),
    *("Новая вкладка в режиме инкогнито", "Новая вкладка инкогнито"),
    *("打开新的无痕式标签页", "新的无痕式标签页", "新無痕式分頁", "新增無痕式分頁"),
    *("새 시크릿 탭", "Nowa karta incognito", "Nowa karta prywatna"),
)
_EMPTY_TAB = re.compile(rf"^(?:{_EMPTY_TAB_WORDS})(?:\s{_DASH}\s{_NAME})?$")

# The names they run under: X11 classes, process names, names of applications.
_TOR = re.compile(
    rf"^(?:{_ALWAYS_PRIVATE}|tor-browser|torbrowser(?:-launcher)?|mullvad-?browser)(?:-\w+)?$"
)
_FIREFOX_LIKE = re.compile(rf"^(?:{_FIREFOX}|firefox[-_ ]?\w*|librewolf-\w+|zen|navigator)$")
_SAFARI = re.compile(r"^safari(?: technology preview)?$")
_OTHER_BROWSER = re.compile(
    rf"^(?:{_OTHERS}|(?:google-)?chrome(?:-\w+)*|chromium[-_]\w+|msedge|edge"
    r"|microsoft-edge(?:-\w+)?|brave-browser(?:-\w+)?|browser|vivaldi-\w+|opera[-_ ]\w+"
    r"|yandex-browser(?:-\w+)?|yandex|epiphany-browser|web|arc|thorium-browser|qutebrowser)$"
)


def is_browser(application: str) -> bool:
    """Tell whether `application`, in plain text, is a browser."""
    kinds = (_FIREFOX_LIKE, _OTHER_BROWSER, _SAFARI, _TOR)
    return any(kind.match(application) for kind in kinds)


def is_private(application: str, title: str) -> bool:
    """Tell whether a window, in plain text, is a browser's private one."""
    if _TOR.match(application):
        return True
    # A title that ends with browser and mode belongs to that browser, whatever name it runs under:
    # a page or document about it ends with its own program's name.
    if (
        _NAMED.search(title)
        or private_endings.is_firefox_private(title, _FIREFOX_LETTERS)
        or private_endings.is_incognito(title, _OTHER_LETTERS)
        or private_endings.is_edge_private(title)
    ):
        return True
    if _EMPTY_TAB.match(title) or private_endings.is_empty_private_tab(title, _OTHER_LETTERS):
        return is_browser(application)
    leaves_name_out = _FIREFOX_LIKE.match(application) or _SAFARI.match(application)
    return bool(
        leaves_name_out and (_UNNAMED.search(title) or private_endings.is_private_alone(title))
    )
