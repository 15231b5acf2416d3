"""The catalogue of sentences a person can see: gettext, English and Japanese.

English sentences stand in the code, wrapped in `_()`; the translations lie in
``locale/<language>/LC_MESSAGES/reprospective_tray.po`` and are compiled when
the package is built or installed.
"""

import gettext
import locale
import os
import unicodedata
from pathlib import Path

from reprospective_tray import clean_text

DOMAIN = "reprospective_tray"
LANGUAGES = ("en", "ja")

_current: gettext.NullTranslations = gettext.NullTranslations()


def system_language() -> str:
    """Return the catalogue language that the person's system asks for."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return value[:2] if value[:2] in LANGUAGES else "en"
    # Windows and macOS set no such variable in a desktop session.
    name = locale.getlocale()[0] or ""
    return "ja" if name.lower().startswith("ja") else "en"


def set_language(language: str) -> None:
    """Speak `language` from now on: ``en``, ``ja``, or ``auto`` for the system's."""
    global _current  # noqa: PLW0603  one catalogue a process, as gettext.install has it
    chosen = system_language() if language == "auto" else language
    _current = _translation(chosen)


def language() -> str:
    """Return the code of the language that is spoken now, as HTML's `lang` has it."""
    return _current.info().get("language", "en")


class _Sentence(str):
    """A sentence with braces: what `format` fills in is cleaned, for it may be anybody's text.

    Here all that a person reads comes by, on a terminal, in a window, a notification or the log.
    """

    __slots__ = ()

    def format(self, *values: object, **named: object) -> str:
        """Fill the braces; a text, a path or an error becomes one line that steers nothing."""
        return super().format(
            *map(_cleaned, values), **{name: _cleaned(value) for name, value in named.items()}
        )


def _cleaned(value: object) -> object:
    if isinstance(value, str | Path | BaseException):
        return clean_text.one_line(str(value))
    return value


def _(sentence: str) -> str:
    """Return `sentence` in the current language; fill its braces afterwards."""
    return _with_braces(_current.gettext(sentence))


def plural(one: str, many: str, count: int) -> str:
    """Return the sentence of the two that fits `count`, in the current language."""
    return _with_braces(_current.ngettext(one, many, count))


def _with_braces(sentence: str) -> str:
    return _Sentence(sentence) if "{" in sentence else sentence


def is_yes(answer: str) -> bool:
    """Tell whether what was typed agrees: ``y`` or ``yes``, or the current language's own words."""
    said = unicodedata.normalize("NFKC", answer).strip(" \t\r\n.!。").casefold()
    return said in {"y", "yes", *_("y|yes").split("|")}


def in_each_language(sentence: str) -> dict[str, str]:
    """Return `sentence` in every language of the catalogue, for files that others read.

    One that is not translated is in English there, too.
    """
    return {language: _translation(language).gettext(sentence) for language in LANGUAGES}


def _translation(language: str) -> gettext.NullTranslations:
    folder = Path(__file__).with_name("locale")
    return gettext.translation(DOMAIN, folder, [language], fallback=True)
