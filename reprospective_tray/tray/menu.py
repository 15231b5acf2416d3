"""The menu as values, made from the app's state. Pure.

The tray and the control window show the same items. What is not built is not here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reprospective_tray.desktop.text_limits import cut
from reprospective_tray.messages import _
from reprospective_tray.sync.status_messages import running_label
from reprospective_tray.tray.state import (
    MINUTE_MS,
    PROBLEM_CHARACTERS,
    Mode,
    paused_line,
    sync_lines,
    today_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprospective_tray.tray.state import AppState


class PauseLength(StrEnum):
    """How long a person wants no recording; its end is known only when it is clicked."""

    QUARTER = "15 minutes"
    HOUR = "1 hour"
    TOMORROW = "until tomorrow"
    RESUMED = "until resumed"


class ForgetRange(StrEnum):
    """How far back a person wants nothing kept; its start is known only when it is clicked."""

    QUARTER = "last 15 minutes"
    HOUR = "last hour"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class MenuAction:
    """A command of the control channel, and what goes with it.

    `action_arguments` makes of `arguments` what the channel is given.
    """

    command: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu.

    Attributes:
        label: What it says.
        action: What a click asks for; None where nothing happens.
        enabled: Whether it can be clicked.
        default: Whether a click on the icon itself means this item.
        submenu: The items behind it; empty for a plain one.
        checked: Whether it has a check mark; None for an item that never has one.
    """

    label: str
    action: MenuAction | None = None
    enabled: bool = True
    default: bool = False
    submenu: tuple[Item, ...] = ()
    checked: bool | None = None


SEPARATOR: Final = Item("", enabled=False)

# What a click on the icon means where there is no menu: the window that has one.
CLICK_WITHOUT_MENU: Final = MenuAction("show")


def items(state: AppState, now: int) -> tuple[Item, ...]:
    """Return the menu of `state`; `now` is in ms since the epoch."""
    return (
        *(Item(line, enabled=False) for line in status_lines(state, now)),
        SEPARATOR,
        *_log_items(state),
        Item(_("Open summary"), MenuAction("open_summary"), default=True),
        *_pause_items(paused=state.mode is Mode.PAUSED),
        *_sync_items(state),
        Item(_("Forget"), submenu=_forgettings()),
        SEPARATOR,
        *_login_items(state),
        Item(_("Open settings"), MenuAction("open_settings")),
        Item(_("Open log folder"), MenuAction("open_log_folder")),
        SEPARATOR,
        Item(_("Quit"), MenuAction("quit")),
    )


def status_lines(state: AppState, now: int) -> tuple[str, ...]:
    """Return how things stand: pause or today's time, how far it is sent, and the problem."""
    if state.mode is Mode.PAUSED:
        first = f"{paused_line(state.paused_until, now)} · {today_line(state)}"
    else:
        first = today_line(state)
    problem = (cut(state.problem, PROBLEM_CHARACTERS),) if state.problem else ()
    return (first, *sync_lines(state, now), *problem)


def _pause_items(*, paused: bool) -> tuple[Item, ...]:
    """Return what begins a pause, or ends the present one and gives it another length."""
    if paused:
        change = Item(_("Change pause"), submenu=_pauses())
        return (Item(_("Resume"), MenuAction("resume")), change)
    return (Item(_("Pause tracking"), submenu=_pauses()),)


def _log_items(state: AppState) -> tuple[Item, ...]:
    """Return what shows the log where something fails again and again."""
    if not state.log_folder:
        return ()
    label = _("The log is in {folder}").format(folder=cut(state.log_folder, PROBLEM_CHARACTERS))
    return (Item(label, MenuAction("open_log_folder")),)


def _sync_items(state: AppState) -> tuple[Item, ...]:
    """Return what asks for a pass, or says how far the one is that runs."""
    if state.shipping is None:
        return ()
    if state.shipping.is_running:
        return (Item(running_label(state.shipping), enabled=False),)
    return (Item(_("Sync now"), MenuAction("sync")),)


def _login_items(state: AppState) -> tuple[Item, ...]:
    """Return the switch of starting at login, which asks for the other of what it shows."""
    on = state.starts_at_login
    if on is None:
        return ()
    return (Item(_("Start at login"), MenuAction("start_at_login", {"on": not on}), checked=on),)


def _pauses() -> tuple[Item, ...]:
    labels = {
        PauseLength.QUARTER: _("15 minutes"),
        PauseLength.HOUR: _("1 hour"),
        PauseLength.TOMORROW: _("Until tomorrow"),
        PauseLength.RESUMED: _("Until I resume"),
    }
    return tuple(Item(label, MenuAction("pause", {"for": how})) for how, label in labels.items())


def _forgettings() -> tuple[Item, ...]:
    labels = {
        ForgetRange.QUARTER: _("Last 15 minutes"),
        ForgetRange.HOUR: _("Last hour"),
        ForgetRange.TODAY: _("Today"),
    }
    return tuple(
        Item(label, MenuAction("ask_to_forget", {"range": how})) for how, label in labels.items()
    )


def action_arguments(action: MenuAction, now: int) -> dict[str, object]:
    """Return what the control channel is given with the command of an action clicked at `now`.

    Args:
        action: The clicked one.
        now: ms since the epoch. A pause until tomorrow ends at the next local midnight, and today
            has begun at the last one.
    """
    if action.command == "ask_to_forget":
        return {"since": _forget_start(ForgetRange(str(action.arguments["range"])), now)}
    if action.command != "pause":
        return dict(action.arguments)
    return {"until": _pause_end(PauseLength(str(action.arguments["for"])), now)}


def _pause_end(length: PauseLength, now: int) -> int | None:
    if length is PauseLength.QUARTER:
        return now + 15 * MINUTE_MS
    if length is PauseLength.HOUR:
        return now + 60 * MINUTE_MS
    if length is PauseLength.TOMORROW:
        return _midnight(now, days=1)
    return None


def _forget_start(how: ForgetRange, now: int) -> int:
    if how is ForgetRange.QUARTER:
        return now - 15 * MINUTE_MS
    if how is ForgetRange.HOUR:
        return now - 60 * MINUTE_MS
    return _midnight(now)


def _midnight(now: int, days: int = 0) -> int:
    """Return when the local day of `now` began, or the one so many days later."""
    today = time.localtime(now / 1000)
    # mktime carries the 32nd over, and finds out itself whether summer time holds then.
    midnight = (today.tm_year, today.tm_mon, today.tm_mday + days, 0, 0, 0, 0, 0, -1)
    return round(time.mktime(midnight) * 1000)
