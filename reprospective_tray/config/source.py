"""Parses a config file into a tree of values with line numbers, for precise error messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from reprospective_tray.errors import ConfigError
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from pathlib import Path

# Limits far beyond any real config, which keep a file from exhausting memory or stack.
MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_VALUES = 20_000
MAX_SHOWN = 80

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# `password_managers` must not match.
_SECRET_KEY = re.compile(
    r"(?<![a-z])(?:pass(?:word|wd|wort|phrase)?|pwd|secret|token)(?![a-z_])", re.IGNORECASE
)
# A password inside a connection string: before the @ of an address, or after "password =". The
# possessive quantifiers keep the search linear.
_WORD_BEFORE_AT = re.compile(r"[^@\s]++@?")
_SECRET_IN_ADDRESS = re.compile(r"(://[^:/]*:).*")
_SECRET_VALUE = re.compile(
    r"(pass(?:word|wd|file)?\s*+=\s*+)(?:'(?:[^'\\]|\\.)*+'?|(?:[^\s&\\]|\\.)++)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Located:
    """A value of the file: its content, its line and its text as written.

    `content` is a scalar, a list of `Located`, or a dict of `Located` by key. `key_lines` has the
    line of each key of such a dict.
    """

    content: object
    line: int
    written: str
    key_lines: dict[str, int]

    def plain(self) -> object:
        """Return the value without line numbers."""
        if isinstance(self.content, list):
            return [item.plain() for item in self.content]
        if isinstance(self.content, dict):
            return {key: value.plain() for key, value in self.content.items()}
        return self.content


def config_error(file: Path, line: int, what: str, remedy: str = "") -> ConfigError:
    """Return the error that says `what` is wrong at `line` of `file`."""
    said = _("Line {line}: {what} ({file})").format(line=line, what=what, file=file)
    return ConfigError(said, remedy)


def is_secret(key: str) -> bool:
    """Return whether the value of the dotted `key` must never be shown."""
    return bool(_SECRET_KEY.search(key))


def read(file: Path) -> str:
    """Return the text of `file`.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigError: it is not a readable file of UTF-8 text.
    """
    try:
        if file.is_fifo():  # reading would block
            raise ConfigError(
                _("The config file {file} is a pipe.").format(file=file),
                _("Save the config to a regular file and use that."),
            )
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except IsADirectoryError as error:
        raise ConfigError(
            _("{file} is a folder, not a config file.").format(file=file),
            _("Choose a file in that folder."),
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            _("The config file {file} cannot be read: {reason}").format(file=file, reason=reason),
            _("Give yourself read access to it, or choose another file with --config."),
        ) from error
    if len(content) > MAX_BYTES:
        raise ConfigError(
            _("{file} is larger than {bytes} bytes, so it cannot be a config file.").format(
                file=file, bytes=MAX_BYTES
            ),
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise config_error(
            file, line, _("the text is not UTF-8."), _("Save the file as UTF-8.")
        ) from error


def parse(text: str, file: Path) -> Located | None:
    """Return the tree of `text`, the content of `file`; None if it is empty.

    Raises:
        ConfigError: it is not valid YAML, has a duplicate key, or uses a YAML feature that is not
            supported.
    """
    try:
        _check_depth(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise _broken(text, file, error) from error
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
        return None
    return _Builder(file).build(node, "", ())


def _check_depth(text: str, file: Path) -> None:
    """Refuse deep nesting before any recursive processing."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                assert event.start_mark is not None  # None only for manually created events
                line = event.start_mark.line + 1
                raise config_error(file, line, _("the values are nested too deeply."))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _broken(text: str, file: Path, error: yaml.YAMLError) -> ConfigError:
    """Return the error for text that is not YAML, without quoting any secret."""
    if isinstance(error, yaml.MarkedYAMLError):
        # The C parser's errors have their own mark class with the same fields.
        line = getattr(error.problem_mark or error.context_mark, "line", 0) + 1
        problem = error.problem or ""
    else:  # the reader's error has only a position
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1
        problem = getattr(error, "reason", "")
    lines = text.splitlines()
    near = "\n".join(lines[max(0, line - 2) : line])
    if not problem or is_secret(near):
        what = _("this is not valid YAML.")
    else:
        what = _("this is not valid YAML: {problem}.").format(problem=problem)
    return config_error(file, line, what, _("Check the indentation, colons and quotes there."))


class _Builder:
    """Builds the tree of one file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._scalars = _LOADER("")
        self._built = 0

    def build(self, node: yaml.Node, path: str, above: tuple[yaml.Node, ...]) -> Located:
        """Return the tree of `node`; `above` are its ancestors."""
        line = node.start_mark.line + 1
        self._built += 1
        if self._built > MAX_VALUES or any(parent is node for parent in above):
            raise config_error(self._file, line, _("an alias (*) repeats values endlessly."))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, (*above, node))
        if isinstance(node, yaml.SequenceNode):
            items = [
                self.build(item, f"{path}[{number}]", (*above, node))
                for number, item in enumerate(node.value)
            ]
            return Located(items, line, _("a list"), {})
        assert isinstance(node, yaml.ScalarNode)  # the only other kind of node
        return Located(self._scalar(node, path), line, _as_written(node, path), {})

    def _mapping(self, node: yaml.MappingNode, path: str, above: tuple[yaml.Node, ...]) -> Located:
        values: dict[str, Located] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise config_error(self._file, line, _("a key must be one word."))
            if key_node.tag.endswith(":merge"):
                raise config_error(
                    self._file, line, _("“<<” is not allowed here."), _("Write the keys out.")
                )
            key = str(key_node.value)
            dotted = f"{path}.{key}" if path else key
            if key in values:
                raise config_error(
                    self._file,
                    line,
                    _("{key} appears twice; it is already in line {first}.").format(
                        key=shown(dotted), first=lines[key]
                    ),
                    _("Remove one of them."),
                )
            lines[key] = line
            values[key] = self.build(value_node, dotted, above)
        return Located(values, node.start_mark.line + 1, _("a section"), lines)

    def _scalar(self, node: yaml.ScalarNode, path: str) -> object:
        try:
            value: object = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # An unknown tag, or a value that is invalid for its tag, such as 2026-13-45.
            raise config_error(
                self._file,
                node.start_mark.line + 1,
                _("{key} is {value}, which cannot be read.").format(
                    key=shown(path) or _("the file"), value=_as_written(node, path)
                ),
                _("Put text in quotes."),
            ) from error
        return value


def _without_secret(word: re.Match[str]) -> str:
    is_before_at = word[0].endswith("@")
    return _SECRET_IN_ADDRESS.sub(r"\1***@", word[0]) if is_before_at else word[0]


def without_secrets(text: str) -> str:
    """Return `text` with the passwords of connection strings masked."""
    return _SECRET_VALUE.sub(r"\1***", _WORD_BEFORE_AT.sub(_without_secret, text))


def shown(text: str) -> str:
    """Return `text` for one line of an error: at most 80 printable characters, no secrets."""
    text = without_secrets(text)
    text = "".join(letter if letter.isprintable() else "�" for letter in text)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _as_written(node: yaml.ScalarNode, path: str) -> str:
    if is_secret(path):
        return "***"
    quote = node.style if node.style in ("'", '"') else ""
    return f"{quote}{shown(str(node.value))}{quote}" or "null"
