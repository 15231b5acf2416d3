"""Binds the keys of the summary window."""

import tkinter as tk
from collections.abc import Callable, Mapping
from typing import Any

Action = Callable[[], object]


def bind(root: tk.Misc, always: Mapping[str, Action], unless_typing: Mapping[str, Action]) -> None:
    """Bind Tk's sequences to actions; `unless_typing` are none while text is typed.

    A letter is bound in both cases: Caps Lock makes another key of it.
    """
    for sequence, action in always.items():
        for each in _both_cases(sequence):
            root.bind(each, _calling(action))
    for sequence, action in unless_typing.items():
        for each in _both_cases(sequence):
            root.bind(each, _calling(action, is_kept_from_entries=True))


def _calling(action: Action, *, is_kept_from_entries: bool = False) -> Callable[[Any], None]:
    def call(event: Any) -> None:
        if not (is_kept_from_entries and isinstance(event.widget, tk.Entry)):
            action()

    return call


def _both_cases(sequence: str) -> tuple[str, ...]:
    before, letter = sequence[1:-1].rpartition("-")[::2]
    if len(letter) > 1:
        return (sequence,)
    dash = "-" if before else ""
    return sequence, f"<{before}{dash}{letter.upper()}>"
