"""Explains errors in a config: the place, the value and the allowed values.

Imported only after an error. The allowed values are derived from the types in
`reprospective_tray.config.keys`, their only definition.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from reprospective_tray.config.did_you_mean import did_you_mean, nearest, question
from reprospective_tray.config.source import Located, config_error, shown
from reprospective_tray.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reprospective_tray.errors import ConfigError

Keys = tuple[str | int, ...]


def explain(tree: Located, kind: type[msgspec.Struct], file: Path) -> ConfigError:
    """Return the first error, in file order, of a `tree` that does not match `kind`."""
    found = _Walk(file, kind).first_error(tree, kind, ())
    # The walk checks each value with msgspec, so it finds the value that msgspec refused.
    assert found is not None
    return found


def not_allowed(
    value: Located, keys: Keys, allowed: str, file: Path, remedy: str = ""
) -> ConfigError:
    """Return the error for a `value` at `keys` that is not one of `allowed`."""
    if not keys:
        what = _("the file is {value}. Allowed: {allowed}.")
    else:
        what = _("{key} is {value}. Allowed: {allowed}.")
    what = what.format(key=dotted(keys), value=value.written, allowed=allowed)
    return config_error(file, value.line, what, remedy or _("Correct it, or remove the key."))


def dotted(keys: Keys) -> str:
    """Return `keys` in dotted form, such as ``privacy.rules[0].title``."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{shown(key)}"
    return text.removeprefix(".")


class _Walk:
    """Walks through a file's values and their types in parallel."""

    def __init__(self, file: Path, whole: type[msgspec.Struct]) -> None:
        self._file, self._whole = file, whole

    def first_error(self, value: Located, kind: Any, keys: Keys) -> ConfigError | None:
        """Return the first error at or below `keys`; None if `value` matches `kind`."""
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._in_section(value, kind, keys)
        if typing.get_origin(kind) is tuple and isinstance(value.content, list):
            item_kind = typing.get_args(kind)[0]
            for number, item in enumerate(value.content):
                if found := self.first_error(item, item_kind, (*keys, number)):
                    return found
            return None
        try:
            msgspec.convert(value.plain(), kind)
        except msgspec.ValidationError:
            return self._refused(value, kind, keys)
        return None

    def _in_section(
        self, value: Located, kind: type[msgspec.Struct], keys: Keys
    ) -> ConfigError | None:
        if not isinstance(value.content, dict):
            return self._refused(value, kind, keys)
        hints = typing.get_type_hints(kind, include_extras=True)
        for key, below in value.content.items():
            if key not in hints:
                return self._unknown_key(value, key, keys, list(hints))
            if found := self.first_error(below, hints[key], (*keys, key)):
                return found
        for field in msgspec.structs.fields(kind):
            if field.required and field.name not in value.content:
                what = _("{key} is missing.").format(key=dotted((*keys, field.name)))
                return config_error(self._file, value.line, what, _("Add it."))
        return None

    def _refused(self, value: Located, kind: Any, keys: Keys) -> ConfigError:
        info = inspect.type_info(kind)
        is_text = isinstance(value.content, str | dict | list | None)
        remedy = "" if is_text or not _takes_text(info) else _("Put text in quotes.")
        if isinstance(value.content, str):
            remedy = did_you_mean(value.content, _words(info))
        allowed = _in_words(info)
        return not_allowed(value, keys, allowed, self._file, remedy)

    def _unknown_key(self, value: Located, key: str, keys: Keys, allowed: list[str]) -> ConfigError:
        what = _("unknown setting {key}. Allowed here: {keys}.").format(
            key=dotted((*keys, key)), keys=_listed(allowed, _("and"))
        )
        # The same name elsewhere is meant rather than one here that only resembles it.
        elsewhere = (place for place in _places(self._whole) if place[-1] == key)
        place = next(elsewhere, None)
        if place is None and (near := nearest(key, allowed)):
            place = (*keys, near)
        remedy = question(dotted(place)) if place else _("Remove it.")
        return config_error(self._file, value.key_lines[key], what, remedy)


def _places(kind: type[msgspec.Struct], above: Keys = ()) -> Iterator[Keys]:
    """Yield all possible key paths in a section, except those inside lists."""
    for key, below in typing.get_type_hints(kind).items():
        yield (*above, key)
        if isinstance(below, type) and issubclass(below, msgspec.Struct):
            yield from _places(below, (*above, key))


def _words(info: inspect.Type) -> list[str]:
    """Return the allowed words of a Literal type; otherwise an empty list."""
    if isinstance(info, inspect.LiteralType):
        return [value for value in info.values if isinstance(value, str)]
    return []


def _takes_text(info: inspect.Type) -> bool:
    if isinstance(info, inspect.UnionType):
        return any(_takes_text(one) for one in info.types)
    return isinstance(info, inspect.StrType | inspect.Metadata)


def _in_words(info: inspect.Type) -> str:  # noqa: C901, PLR0911  one line for each kind of value
    if isinstance(info, inspect.Metadata):
        return _("a regular expression")  # the only `extra` in keys.py is a pattern's
    if isinstance(info, inspect.UnionType):
        return _listed([_in_words(one) for one in info.types], _("or"))
    if isinstance(info, inspect.LiteralType):
        return _listed([str(value) for value in info.values], _("or"))
    if isinstance(info, inspect.BoolType):
        return _("true or false")
    if isinstance(info, inspect.IntType):
        return _("a whole number from {low} to {high}").format(low=info.ge, high=info.le)
    if isinstance(info, inspect.FloatType):
        return _("a number from {low:g} to {high:g}").format(low=info.ge, high=info.le)
    if isinstance(info, inspect.StrType):
        # The only type with a pattern in keys.py is a colour.
        if info.pattern:
            return _("a colour such as {example}").format(example="'#4c8dff'")
        return _("text that is not empty")
    if isinstance(info, inspect.VarTupleType):
        return _("a list in which each item is {item}").format(item=_in_words(info.item_type))
    if isinstance(info, inspect.StructType):
        names = _listed([field.name for field in info.fields], _("and"))
        return _("a section with the keys {keys}").format(keys=names)
    return "null"


def _listed(words: Iterable[str], last: str) -> str:
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else final
