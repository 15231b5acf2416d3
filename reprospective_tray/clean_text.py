"""Removes terminal controls and bidirectional controls from external text. Pure.

Window titles, names, server errors and other external text may contain escape sequences, line
breaks and bidirectional controls.
"""

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Bidirectional controls, which could change the direction of the surrounding text.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_BREAKS = "\u2028\u2029"
_C1 = "\x7f-\x9f"
_LONE = "\ud800-\udfff"

_LEFT_OUT = re.compile(f"[{_BIDI}{_LONE}]")
_WHITE_SPACE = re.compile(f"[\t-\r\x1c-\x1f\x85{_BREAKS}]+")
_STEERING = re.compile(f"[\0-\x1f{_C1}{_BREAKS}{_BIDI}]")
_STEERING_BUT_LINES = re.compile(f"[\0-\x08\x0b-\x1f{_C1}{_BREAKS}{_BIDI}]")
# Keeps colours and weights; all other sequences, and incomplete ones, are replaced.
_STEERING_BUT_STYLES = re.compile(f"(?!\x1b\\[[0-9;]*m)[\0-\x08\x0b-\x1f{_C1}{_BREAKS}{_BIDI}]")
_LEFT_BY_JSON = re.compile(f"[{_C1}{_LONE}{_BREAKS}{_BIDI}]")


def one_line(text: str) -> str:
    """Return `text` on one line, with a space for each terminal or bidirectional control."""
    if text.isprintable():  # nearly always
        return text
    return _STEERING.sub(" ", _WHITE_SPACE.sub(" ", text))


def spaced(text: str) -> str:
    """Return `one_line(text)` after removing bidirectional controls and lone surrogates."""
    return one_line(_LEFT_OUT.sub("", text))


def lines(text: str) -> str:
    """Return `text` with U+FFFD for each control character; line feeds and tabs are kept."""
    return _STEERING_BUT_LINES.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def styled_lines(text: str) -> str:
    """Return `text` like `lines`, but keep the escape sequences for colours and weights."""
    return _STEERING_BUT_STYLES.sub(REPLACEMENT, text)


def in_json(text: str) -> str:
    r"""Return the JSON `text` with control characters escaped as ``\uXXXX``; same value."""
    return _LEFT_BY_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
