"""Desktop entries: their text, and the quoting of their command line. Pure.

As the Desktop Entry Specification 1.5 says: https://specifications.freedesktop.org/desktop-entry-spec
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GROUP: Final = "[Desktop Entry]"
_BLANKS: Final = " \t\r"
# A word with any of these has to be quoted; in quotes four of them are escaped.
_RESERVED: Final = frozenset(" \t\n\r\"'\\><~|&;$*?#()`")
_BETWEEN: Final = " \t\n"
_ESCAPED_IN_QUOTES: Final = '"`$\\'
# Of every value that is a string, before quotes have a meaning.
_STRING_ESCAPES: Final = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
# `%%` is a percent sign; the others stand for files, names and icons, of which there are none.
_FIELD_CODE: Final = re.compile("%(.?)")


def quote_command(words: Sequence[str]) -> str:
    """Return the value of ``Exec`` that starts exactly these words.

    Raises:
        ValueError: no entry can hold them: the program's name has an equal sign, which the
            specification forbids, or a percent sign, which GLib looks for doubled; or a name is
            no Unicode text.
    """
    if {"=", "%"} & set(words[0]):
        raise ValueError(words[0])
    for word in words:
        word.encode("utf-8")  # UnicodeEncodeError is a ValueError
    return escape(" ".join(map(_quote, words)))


def _quote(word: str) -> str:
    word = word.replace("%", "%%")
    if word and word.isprintable() and not _RESERVED & set(word):
        return word
    escaped = (f"\\{sign}" if sign in _ESCAPED_IN_QUOTES else sign for sign in word)
    return f'"{"".join(escaped)}"'


def split_command(value: str) -> tuple[str, ...]:
    """Return the words that a value of ``Exec`` starts; none where it is malformed."""
    words: list[str] = []
    text = unescape(value)
    at = 0
    while at < len(text):
        if text[at] in _BETWEEN:
            at += 1
            continue
        word, at = _next_word(text, at)
        if at > len(text):
            return ()
        expanded = _FIELD_CODE.sub(lambda code: "%" if code[1] == "%" else "", word)
        if expanded or not word:
            words.append(expanded)
    return tuple(words)


def _next_word(text: str, at: int) -> tuple[str, int]:
    """Return the word that begins at `at` and where it ends; past the text if a quote is open."""
    word = ""
    quoted = False
    while at < len(text):
        sign = text[at]
        if sign == '"':
            quoted = not quoted
        elif quoted and sign == "\\" and text[at + 1 : at + 2] in tuple(_ESCAPED_IN_QUOTES):
            at += 1
            word += text[at]
        elif not quoted and sign in _BETWEEN:
            return word, at
        else:
            word += sign
        at += 1
    return word, at + quoted


def escape(text: str) -> str:
    """Return `text` as the value of a key."""
    for sign, escaped in (("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(sign, escaped)
    # A space at the beginning would be taken for one beside the equal sign.
    return f"\\s{text[1:]}" if text.startswith(" ") else text


def unescape(value: str) -> str:
    """Return the text of a key's value; an unknown escape stays as it is."""
    return re.sub(r"\\(.)", lambda one: _STRING_ESCAPES.get(one[1], one[0]), value)


def read(text: str) -> dict[str, str]:
    """Return the keys of the entry and their values, still escaped; empty where it is none."""
    found: dict[str, str] = {}
    group = ""
    for line in (line.strip(_BLANKS) for line in text.split("\n")):
        if line.startswith("["):
            group = line
        elif group == GROUP and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key.rstrip(_BLANKS)] = value.lstrip(_BLANKS)
    return found


def is_true(value: str) -> bool:
    """Say whether a key's value means yes."""
    return value in {"true", "1"}


def as_list(value: str) -> list[str]:
    """Return the parts of a key's value that are set apart by semicolons."""
    return [part for part in value.split(";") if part]


def write(values: Mapping[str, str]) -> str:
    """Return the text of an entry with these keys and values, which are escaped already."""
    return "\n".join([GROUP, *(f"{key}={value}" for key, value in values.items()), ""])


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with these keys, escaped already, in place of what it had for them."""
    kept: list[str] = []
    group = ""
    for line in text.rstrip("\n").split("\n"):
        stripped = line.strip(_BLANKS)
        if stripped.startswith("["):
            group = stripped
        key = stripped.partition("=")[0].rstrip(_BLANKS)
        if not (group == GROUP and key in values and "=" in stripped):
            kept.append(line)
        if stripped == GROUP:
            kept += [f"{key}={value}" for key, value in values.items()]
    return "\n".join([*kept, ""])
