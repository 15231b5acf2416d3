"""A Gtk.Menu that follows the menu's values in place, so that an open one stays open."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from reprospective_tray.tray.menu import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.tray.menu import Item, MenuAction


@dataclass(slots=True)
class _MenuLine:
    """A line of the menu: what it shows, and the widgets that show it."""

    item: Item
    widget: Any
    submenu: GtkMenu | None
    clicks: int = 0
    """The number of the signal handler that takes its clicks."""


class GtkMenu:
    """The widgets of a menu; of the main thread alone.

    Attributes:
        widget: The Gtk.Menu; the same for the whole life of this object.
    """

    def __init__(
        self, gtk: Any, on_action: Callable[[MenuAction], None], *, bold_default: bool = True
    ) -> None:
        """Make an empty menu of the Gtk module `gtk`.

        Args:
            gtk: PyGObject's module.
            on_action: Called with the action of a clicked item.
            bold_default: Whether the default item stands out.
        """
        self._gtk = gtk
        self._on_action = on_action
        self._bold_default = bold_default
        self._lines: list[_MenuLine] = []
        self._later: tuple[Item, ...] | None = None
        self.widget = gtk.Menu.new()
        self.widget.connect("hide", self._closed)

    def show(self, items: tuple[Item, ...]) -> None:
        """Show these items: texts change in place, only a line of another kind is replaced.

        An open menu would not grow with a new line: that waits until it is closed.
        """
        before = [_kind(line.item) for line in self._lines]
        after = [_kind(item) for item in items]
        if before != after and self.widget.get_mapped():
            self._later = items
            return
        self._later = None
        at = 0
        changes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        for what, first, last, start, end in changes:
            if what != "equal":
                for _line in range(first, last):
                    self._remove(at)
            for item in items[start:end]:
                if what == "equal":
                    self._change(self._lines[at], item)
                else:
                    self._insert(at, item)
                at += 1

    def default_widget(self) -> Any:
        """Return the widget of the default item, or None."""
        return next((line.widget for line in self._lines if line.item.default), None)

    def _insert(self, index: int, item: Item) -> None:
        submenu = None
        if item == SEPARATOR:
            widget = self._gtk.SeparatorMenuItem.new()
        else:
            kind = self._gtk.MenuItem if item.checked is None else self._gtk.CheckMenuItem
            widget = kind.new_with_label(item.label)
            if item.submenu:
                submenu = GtkMenu(self._gtk, self._on_action, bold_default=self._bold_default)
                submenu.show(item.submenu)
                widget.set_submenu(submenu.widget)
        line = _MenuLine(item, widget, submenu)
        if item != SEPARATOR:
            self._set_label(line)
            widget.set_sensitive(item.enabled)
            line.clicks = widget.connect("activate", self._clicked, line)
            self._set_check(line)
        self._lines.insert(index, line)
        self.widget.insert(widget, index)
        widget.show_all()

    def _remove(self, index: int) -> None:
        line = self._lines.pop(index)
        self.widget.remove(line.widget)
        line.widget.destroy()

    def _change(self, line: _MenuLine, item: Item) -> None:
        before, line.item = line.item, item
        if item == before:
            return
        if (item.label, item.default) != (before.label, before.default):
            self._set_label(line)
        if item.enabled != before.enabled:
            line.widget.set_sensitive(item.enabled)
        self._set_check(line)
        if line.submenu is not None:
            line.submenu.show(item.submenu)

    def _set_label(self, line: _MenuLine) -> None:
        label = line.widget.get_child()
        label.set_text(line.item.label)
        if line.item.default and self._bold_default:
            from gi.repository import GLib

            label.set_markup(f"<b>{GLib.markup_escape_text(line.item.label)}</b>")

    def _set_check(self, line: _MenuLine) -> None:
        """Let the check mark show the value, and nothing else: to set it is no click."""
        if line.item.checked is not None and line.widget.get_active() != line.item.checked:
            with line.widget.handler_block(line.clicks):
                line.widget.set_active(line.item.checked)

    def _closed(self, _widget: Any) -> None:
        from gi.repository import GLib

        # Not at once: the click that closed it has yet to reach its line.
        if self._later is not None:
            GLib.idle_add(self._catch_up)

    def _catch_up(self) -> None:
        if self._later is not None:
            self.show(self._later)

    def _clicked(self, _widget: Any, line: _MenuLine) -> None:
        # GTK has changed it already; what is true comes when the click has done its work.
        self._set_check(line)
        # The line's action now, not the one it had when it was made.
        if line.item.action is not None:
            self._on_action(line.item.action)


def _kind(item: Item) -> str:
    if item == SEPARATOR:
        return "separator"
    if item.checked is not None:
        return "check"
    return "submenu" if item.submenu else "plain"
