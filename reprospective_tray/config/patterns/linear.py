"""Expressions evaluated by RE2, in time linear in the length of the text.

RE2 treats Unicode and case differently from Python, so it never sees the text itself. An
expression can distinguish characters only by which of its single-character parts (letters, sets,
the dot) they match, and Python's own engine determines that. Characters that match the same parts
are mapped to one symbol of one byte. Word characters are mapped to bytes that RE2 treats as word
characters.
"""

from __future__ import annotations

import re
import threading
import time
from re import _constants  # type: ignore[attr-defined]  # undocumented
from typing import TYPE_CHECKING, Any

import re2

from reprospective_tray.config.patterns import effort

if TYPE_CHECKING:
    from reprospective_tray.config.patterns.effort import Node, Tree

# Maximum number of simultaneously active positions in an expression: each costs about 10 ns per
# character if RE2 runs out of memory for its DFA. Without repetitions the memory suffices for all.
MOST_PLACES, MOST_PLACES_UNREPEATED = 100, 4_000
# Maximum number of sets: each is checked for each new character, and RE2 has only so many bytes
# that count as word characters.
MOST_SETS, MOST_SETS_WITH_BORDERS = 200, 60
MEMORY_BYTES = 1 << 20
# Replacing may search again from each position; after this time the whole rest is replaced.
REPLACING_S = 0.005
MOST_KNOWN = 20_000

# The symbol for no character, and the symbol for a line end matched by "$": the last line break of
# a text, or with (?m) every line break.
_NOTHING, _LINE_BREAK = 0, 10
_WORD_BYTES = [byte for byte in range(128) if chr(byte).isalnum() or byte == ord("_")]
_OTHER_BYTES = [byte for byte in range(256) if byte not in {*_WORD_BYTES, _NOTHING, _LINE_BREAK}]
_CHARACTERS = (*(_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY),)
_PLACES = {
    _constants.AT_BEGINNING_STRING: rb"\A",
    _constants.AT_END_STRING: rb"\z",
    _constants.AT_BOUNDARY: rb"\b",
    _constants.AT_NON_BOUNDARY: rb"\B",
}
_BORDERS = (_constants.AT_BOUNDARY, _constants.AT_NON_BOUNDARY)


class NotLinearError(ValueError):
    """An expression uses a feature that RE2 does not support, or is too large."""


class LinearPattern:
    """An expression evaluated by RE2 with Python's character classes."""

    def __init__(self, tree: Tree) -> None:
        """Translate `tree`.

        Raises:
            NotLinearError: it has lookarounds or backreferences, or is too large.
        """
        translated = _Translated(tree)
        self._template = translated.template
        self._sees_lines = bool(translated.sees_lines)
        # After an empty match, Python tries a longer one at the same position; RE2 does not.
        self._takes_longest = tree.getwidth()[0] == 0
        self._sets = [effort.single(*each) for each in translated.sets]
        self._word = (
            None if translated.word_flags is None else re.compile(r"\w", translated.word_flags)
        )
        self._bytes: dict[tuple[int, bool, bool], int] = {}
        self._letters: set[str] = set()
        self._known: dict[int, int] = {}
        self._compiled: Any = None
        self._lock = threading.Lock()
        try:
            self._learn("\n aA0_")
        except re2.error as error:
            raise NotLinearError(str(error)) from error

    def search(self, text: str) -> bool:
        """Return whether the expression matches anywhere in `text`."""
        compiled, symbols = self._symbols(text)
        return compiled.search(symbols) is not None

    def replace(self, text: str, by: str) -> str:
        """Return `text` with matches replaced by `by`; see `Pattern.replace`."""
        compiled, symbols = self._symbols(text)
        ends_at = time.thread_time() + REPLACING_S
        left, behind = [], 0
        for match in compiled.finditer(symbols):
            start, end = match.span()
            if start == end:
                continue
            left += [text[behind:start], by]
            behind = end
            if time.thread_time() > ends_at:
                return "".join(left)
        return "".join([*left, text[behind:]])

    def _symbols(self, text: str) -> tuple[Any, bytes]:
        """Return the compiled RE2 expression, and the symbols of `text`, one per character."""
        with self._lock:
            if len(self._letters) > MOST_KNOWN:
                self._letters.clear()
                self._known.clear()
            if new := set(text) - self._letters:
                self._learn("".join(new))
            symbols = text.translate(self._known).encode("latin-1")
            if text.endswith("\n"):
                symbols = symbols[:-1] + bytes([_LINE_BREAK])
            return self._compiled, symbols

    def _learn(self, letters: str) -> None:
        """Assign a symbol to each of `letters`; recompile if there are new symbols."""
        kinds = dict.fromkeys(letters, 0)
        for number, one in enumerate(self._sets):
            for letter in one.findall(letters):
                kinds[letter] |= 1 << number
        word = set(self._word.findall(letters)) if self._word else set()
        before = len(self._bytes)
        for letter, fits in kinds.items():
            if letter == "\n":
                self._byte((fits, False, True))
            is_line_break = letter == "\n" and self._sees_lines
            self._known[ord(letter)] = self._byte((fits, letter in word, is_line_break))
        if len(self._bytes) > before or self._compiled is None:
            self._compiled = self._compile()
        self._letters.update(letters)

    def _byte(self, kind: tuple[int, bool, bool]) -> int:
        """Return the symbol for characters of one kind.

        Raises:
            OverflowError: there are more kinds than bytes.
        """
        if kind not in self._bytes:
            _fits, is_word, is_line_break = kind
            if is_line_break:
                free = [_LINE_BREAK]
            elif self._word is None:
                free = [*_WORD_BYTES, *_OTHER_BYTES]
            else:
                free = _WORD_BYTES if is_word else _OTHER_BYTES
            taken = set(self._bytes.values())
            symbol = next((byte for byte in free if byte not in taken), None)
            if symbol is None:
                raise OverflowError(f"more than {len(free)} kinds of characters")
            self._bytes[kind] = symbol
        return self._bytes[kind]

    def _compile(self) -> Any:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = MEMORY_BYTES
        options.never_capture = True
        options.longest_match = self._takes_longest
        options.log_errors = False
        parts = [part if isinstance(part, bytes) else self._set(part) for part in self._template]
        return re2.compile(b"".join(parts), options)

    def _set(self, number: int) -> bytes:
        """Return the RE2 set of the symbols whose characters match part `number`."""
        symbols = sorted(byte for (fits, *_), byte in self._bytes.items() if fits >> number & 1)
        return b"[" + b"".join(b"\\x%02x" % byte for byte in symbols or [_NOTHING]) + b"]"


class _Translated:
    """An expression in RE2's syntax; single-character parts are indexes into `sets`."""

    def __init__(self, tree: Tree) -> None:
        self.template: list[bytes | int] = []
        self.sets: list[tuple[Node, int]] = []
        self.word_flags: int | None = None
        self._numbers: dict[tuple[str, int], int] = {}
        self.sees_lines: bool | None = None
        self._repeats = False
        places = self._sequence(tree, tree.state.flags)
        if places > (MOST_PLACES if self._repeats else MOST_PLACES_UNREPEATED):
            raise NotLinearError(f"{places} places")
        if len(self.sets) > (MOST_SETS if self.word_flags is None else MOST_SETS_WITH_BORDERS):
            raise NotLinearError(f"{len(self.sets)} different sets of characters")

    def _sequence(self, nodes: Any, flags: int) -> int:
        """Append `nodes`; return how many positions in them can be active at once."""
        return sum(self._node(node, flags) for node in nodes)

    def _node(self, node: Node, flags: int) -> int:
        kind, value = node
        if kind in _CHARACTERS:
            self.template.append(self._number(node, flags))
            return 1
        if kind is _constants.AT:
            self.template.append(self._place(value, flags))
            return 0
        if kind is _constants.SUBPATTERN:
            _group, added, removed, inner = value
            return self._group(inner, effort.flags_inside(flags, added, removed))
        if kind is _constants.BRANCH:
            return self._branch(value[1], flags)
        if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            return self._repeat(kind, value, flags)
        raise NotLinearError(str(kind))

    def _group(self, nodes: Any, flags: int) -> int:
        self.template.append(b"(?:")
        places = self._sequence(nodes, flags)
        self.template.append(b")")
        return places

    def _branch(self, alternatives: list[Any], flags: int) -> int:
        by_letter: dict[str, int] = {}
        others = 0
        self.template.append(b"(?:")
        for number, nodes in enumerate(alternatives):
            if number:
                self.template.append(b"|")
            places = self._sequence(nodes, flags)
            if letter := effort.first_letter(nodes):
                by_letter[letter] = by_letter.get(letter, 0) + places
            else:
                others += places
        self.template.append(b")")
        # Alternatives with different first letters are not active at the same time.
        return len(by_letter) // 4 + max(by_letter.values(), default=0) + others

    def _repeat(self, kind: Any, value: tuple[Any, Any, Any], flags: int) -> int:
        low, high, inner = int(value[0]), value[1], value[2]
        places = self._group(inner, flags)
        if high is _constants.MAXREPEAT:
            words = {0: b"*", 1: b"+"}.get(low, b"{%d,}" % low)
        else:
            words = b"{%d,%d}" % (low, high)
        self.template.append(words + (b"?" if kind is _constants.MIN_REPEAT else b""))
        copies = max(low, 1) if high is _constants.MAXREPEAT else int(high)
        self._repeats = self._repeats or copies > 1 or high is _constants.MAXREPEAT
        return places * copies

    def _place(self, value: Any, flags: int) -> bytes:
        if value in _BORDERS:
            word_flags = flags & re.ASCII
            if self.word_flags not in (None, word_flags):
                raise NotLinearError("borders of words of two kinds")
            self.word_flags = word_flags
        if value not in (_constants.AT_BEGINNING, _constants.AT_END):
            return _PLACES[value]
        sees_lines = bool(flags & re.MULTILINE)
        if self.sees_lines not in (None, sees_lines):
            raise NotLinearError("ends of lines of two kinds")
        self.sees_lines = sees_lines
        if value is _constants.AT_BEGINNING:
            return b"(?m:^)" if sees_lines else rb"\A"
        return b"(?m:$)"

    def _number(self, node: Node, flags: int) -> int:
        key = repr(node), flags
        if key not in self._numbers:
            self._numbers[key] = len(self.sets)
            self.sets.append((node, flags))
        return self._numbers[key]
