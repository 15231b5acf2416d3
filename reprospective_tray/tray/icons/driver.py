"""What every way of showing the icon is given, and what it offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from reprospective_tray.tray import menu
from reprospective_tray.tray.state import AppState, Mode, tooltip

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprospective_tray.tray.menu import Item


@dataclass(frozen=True, slots=True)
class Appearance:
    """All that can be seen of the icon."""

    mode: Mode
    title: str
    items: tuple[Item, ...]


def appearance(state: AppState, now: int) -> Appearance:
    """Return what the icon shows of `state` at `now` (ms since the epoch)."""
    return Appearance(state.mode, tooltip(state, now), menu.items(state, now))


class Driver(Protocol):
    """One way of showing the icon."""

    has_notifications: bool

    @property
    def shown(self) -> bool:
        """Whether a panel has taken the icon, as far as one can know."""

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until `stop`; in the main thread."""

    def show(self, seen: Appearance) -> None:
        """Show this from now on; from any thread, at any time, without waiting."""

    def stop(self) -> None:
        """Let `run` return; from any thread or signal handler, at any time, without waiting."""

    def notify(self, title: str, body: str) -> None:
        """Show a notification; only where `has_notifications`."""
