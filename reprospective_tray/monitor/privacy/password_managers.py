"""Recognises the windows of password managers by application and title. Pure."""

from __future__ import annotations

import re

from reprospective_tray.monitor.privacy.plain_text import any_of

# The names they run under: X11 classes, process names, names of applications.
_APPLICATIONS = any_of(
    *("KeePassXC", "KeePass", "KeePass2", "KeePassX", "KeeWeb", "MacPass", "Strongbox"),
    *("Bitwarden", "1Password", "LastPass", "Dashlane", "Enpass", "NordPass", "Proton Pass"),
    *("proton-pass", "RoboForm", "Keeper Password Manager", "Zoho Vault", "Passbolt", "Padloc"),
    *("Buttercup", "AuthPass", "Sticky Password", "Password Safe", "gnome-passwordsafe"),
    *("Seahorse", "Passwords and Keys", "Secrets", "Revelation", "QtPass", "passmenu"),
    *("gopass-ui", "Keychain Access", "Schlüsselbundverwaltung", "キーチェーンアクセス"),
    *("Passwords", "gcr-prompter", "ksecretd"),
)
_APPLICATION = re.compile(
    rf"^(?:{_APPLICATIONS}|(?:keepassxc|keepass|bitwarden|1password|enpass)[-_ .].+"
    r"|gnome-seahorse|kwallet(?:manager|d)?\d*|pinentry(?:[-_].+)?)$"
)

_NAMES = any_of(
    *("KeePassXC", "KeePass", "KeePass Password Safe", "KeeWeb", "Bitwarden"),
    *("Bitwarden Password Manager", "1Password", "LastPass", "Dashlane", "Enpass", "NordPass"),
    *("NordPass®", "Proton Pass", "RoboForm", "Zoho Vault", "Passbolt", "Vaultwarden"),
    *("Google Password Manager", "Keeper Password Manager"),
)
_DASH = "[-\N{EN DASH}\N{EM DASH}]"

# Applications that run other people's code, or whose name could not be determined.
_HOST = re.compile(r"^(?:|electron|java|applicationframehost|python[\d.]*|mono|mono-sgen|wine.*)$")
_OWN_WINDOW = re.compile(rf"(?:^|\s{_DASH}\s)(?:{_NAMES})$")

# In a browser: an extension's window, a web vault, or a page titled with just the name.
_BROWSER_NAME = re.compile(rf"\s{_DASH}\s[^-\N{{EN DASH}}\N{{EM DASH}}]+$")
_IN_BROWSER = re.compile(
    rf"^extension: \((?:{_NAMES})[^)]*\)|^(?:{_NAMES})(?: browser)?(?: extension)?$"
    rf"|(?:^|\s[-|\N{{EN DASH}}\N{{EM DASH}}]\s)(?:bit|vault)warden web(?: vault)?$"
    r"|^(?:my )?lastpass (?:web )?vault$"
)

# pass, the command: its terminal's title is the command line.
_TERMINAL = re.compile(
    r"term|konsole|kitty|^foot|tilix|guake|yakuake|alacritty|ghostty|rxvt|ptyxis|console|tmux"
    r"|powershell|^cmd$|^st$|tilda"
)
_PASS = re.compile(
    r"(?:^|[$#>%:\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}]\s)(?:go)?pass"
    r" (?:show|edit|insert|generate|otp|find|ls|grep|rm|mv|cp|git|init|-c|--clip)\b"
)


def is_password_manager(application: str, title: str, *, in_browser: bool) -> bool:
    """Tell whether a window belongs to a password manager; both in plain text."""
    if _APPLICATION.match(application):
        return True
    if in_browser:
        page = _BROWSER_NAME.sub("", title)
        return bool(_IN_BROWSER.search(title) or _IN_BROWSER.search(page))
    if _HOST.match(application):
        return bool(_OWN_WINDOW.search(title))
    return bool(_TERMINAL.search(application) and _PASS.search(title))
