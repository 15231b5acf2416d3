"""What the keys of the window do, in words."""

import tkinter as tk

from reprospective_tray.messages import _
from reprospective_tray.summary.widgets.key_list import KeyGroup, KeyList
from reprospective_tray.summary.widgets.style import WindowStyle

NAME = "keys"


def show(root: tk.Misc, look: WindowStyle) -> None:
    """Show all keys over the window, until they are closed."""
    if NAME not in root.children:
        KeyList(root, look, NAME, columns())


def columns() -> tuple[tuple[KeyGroup, ...], ...]:
    """Return all keys, in two columns."""
    return (_of_window(), _of_calendar()), (_of_lists(), _of_timeline())


def _of_window() -> KeyGroup:
    return KeyGroup(
        _("Window"),
        (
            ("\N{LEFTWARDS ARROW} \N{RIGHTWARDS ARROW}", _("Earlier, later")),
            ("T", _("Today")),
            ("D W M Y", _("Day, week, month, year")),
            ("Tab", _("Next part of the window")),
            ("Ctrl+F", _("Search")),
            ("Ctrl+E", _("Export")),
            ("Ctrl+R F5", _("Refresh")),
            ("Ctrl+Z Esc", _("Undo a deletion")),
            ("Esc", _("Leave the search")),
            ("Ctrl+W", _("Close the window")),
            ("?", _("Show these keys")),
        ),
    )


def _of_calendar() -> KeyGroup:
    arrows = "\N{LEFTWARDS ARROW} \N{RIGHTWARDS ARROW} \N{UPWARDS ARROW} \N{DOWNWARDS ARROW}"
    return KeyGroup(
        _("Calendar (Enter on the date)"),
        (
            (arrows, _("Another day")),
            ("PgUp PgDn", _("Month; with Shift: year")),
            ("Enter", _("Show the day")),
        ),
    )


def _of_lists() -> KeyGroup:
    arrows = "\N{UPWARDS ARROW} \N{DOWNWARDS ARROW}"
    return KeyGroup(
        _("Lists"),
        (
            (f"{arrows} PgUp PgDn", _("Move")),
            ("Home End", _("First, last")),
            ("Enter", _("Open an application; show only a category")),
            ("Shift+\N{UPWARDS ARROW} Shift+\N{DOWNWARDS ARROW}", _("Select several sessions")),
            ("Ctrl+A", _("Select all sessions")),
            ("Ctrl+C", _("Copy the selection")),
            ("Del", _("Delete the selection")),
        ),
    )


def _of_timeline() -> KeyGroup:
    return KeyGroup(
        _("Timeline"),
        (
            ("+ \N{MINUS SIGN}", _("Zoom in, out")),
            ("0", _("Show the whole day")),
            ("\N{LEFTWARDS ARROW} \N{RIGHTWARDS ARROW}", _("Session before, after")),
            ("PgUp PgDn", _("An hour earlier, later")),
            ("\N{UPWARDS ARROW} \N{DOWNWARDS ARROW}", _("Another computer")),
        ),
    )
